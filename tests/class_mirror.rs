//! The class mirror on a real engine: what learners pull and push, what they can't, and that it
//! survives the server and the container.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says so"
)]

mod sandbox_support;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use slipway::{
    config::Config,
    domain::{
        ids::UserId,
        quantity::ByteSize,
        sandbox::SandboxState,
        user::{Role, User},
    },
    lifecycle::{assemble, shut_down, start_background},
    services::{App, mirror::Namespace},
    store::sandboxes::Sandbox,
};
use slipway_agent::protocol::{ExecRequest, RunAs};
use tokio::time::timeout;

use sandbox_support::{agent_program, image, slug};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder of labs with two labs that have the mirror: one with an engine of the learner's own.
struct Place(tempfile::TempDir);

impl Place {
    async fn new() -> Self {
        // Built before any of the tests' time-outs runs.
        for name in ["base", "grader", "docker", "registry"] {
            image(name).await;
        }
        let dir = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let labs = dir.path().join("labs");
        copy(&here.join("tests/fixtures/labs"), &labs);
        std::os::unix::fs::symlink(here.join("labs/images"), labs.join("images")).unwrap();
        let basics = labs.join("course/basics");
        copy(&basics.join("first"), &basics.join("nested"));
        let plain = "{name: desk, image: base, profile: plain, memory: 64MiB, disk: 16MiB}";
        let docker = "{name: desk, image: docker, profile: docker, memory: 1GiB, disk: 512MiB}";
        for (lab, machine) in [("first", plain), ("nested", docker)] {
            let file = basics.join(lab).join("lab.yaml");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(plain));
            let text = text
                .replace("id: first\n", &format!("id: {lab}\nmirror: true\n"))
                .replace(plain, machine);
            std::fs::write(file, text).unwrap();
        }
        let course = labs.join("course/course.yaml");
        let text = std::fs::read_to_string(&course).unwrap();
        let text = text.replace("- lab: first", "- lab: first\n      - lab: nested");
        std::fs::write(course, text).unwrap();
        Self(dir)
    }

    async fn start(&self) -> App {
        let config = Config {
            data_dir: self.0.path().join("data"),
            labs_dir: self.0.path().join("labs"),
            agent_binary: Some(agent_program()),
            engine_host: std::env::var("DOCKER_HOST").ok(),
            sandbox_subnets: "10.216.0.0/16".to_owned(),
            mirror_quota: ByteSize::mib(24),
            ..Config::default()
        };
        let app = assemble(config).await.unwrap();
        assert_eq!(app.publish_labs().await.unwrap().errors, 0);
        start_background(&app).await.unwrap();
        app
    }
}

fn copy(from: &Path, to: &PathBuf) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn learner(app: &App, name: &str) -> UserId {
    let user = User {
        id: UserId::generate(),
        username: name.parse().unwrap(),
        role: Role::Student,
        created_at: app.clock.now(),
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.insert_user(&user, "!").await.unwrap().unwrap();
    tx.commit().await.unwrap();
    user.id
}

async fn sandbox(app: &App, user: UserId, lab: &str) -> Sandbox {
    let attempt = app.start_attempt(user, &slug(lab)).await.unwrap();
    let mut events = app.events.subscribe(attempt.id);
    app.start_sandbox(&attempt).await.unwrap();
    let wait = async {
        loop {
            let sandbox = app.store.latest_sandbox(attempt.id).await.unwrap().unwrap();
            assert_ne!(sandbox.state, SandboxState::Ended, "{:?}", sandbox.failure);
            if sandbox.state == SandboxState::Ready {
                return sandbox;
            }
            let _ = events.recv().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("not ready in time")
}

/// What a shell command of the learner prints, with its exit code.
async fn sh(app: &App, sandbox: &Sandbox, script: &str) -> (i32, String) {
    let agent = app
        .agents
        .get(sandbox.id, sandbox.generation, &slug("desk"))
        .await
        .unwrap();
    let argv = ["/bin/bash", "-lc", script];
    let mut request = ExecRequest::new(RunAs::Learner, argv).timeout(Duration::from_secs(120));
    request.login_env = true;
    let outcome = agent.exec(&request).await.unwrap();
    let code = match outcome.status {
        slipway_agent::protocol::ExecStatus::Exited { code } => code,
        _ => -1,
    };
    let text = [outcome.stdout, outcome.stderr].concat();
    (code, String::from_utf8_lossy(&text).into_owned())
}

async fn passes(app: &App, sandbox: &Sandbox, script: &str) -> String {
    let (code, text) = sh(app, sandbox, script).await;
    assert_eq!(code, 0, "{script}: {text}");
    text
}

async fn tear_down(app: App) {
    app.stop.cancel();
    for seen in app.engine.observe().await.unwrap() {
        app.engine.remove(seen.id).await.unwrap();
    }
    app.remove_mirror().await.unwrap();
    shut_down(&app).await;
}

#[tokio::test]
async fn learners_pull_what_all_may_have_and_push_where_they_alone_may() {
    let place = Place::new().await;
    let app = place.start().await;
    let user = learner(&app, "ada").await;
    let own = Namespace::of(user);
    let ada = sandbox(&app, user, "nested").await;

    // As Docker Hub's stand-in, and under its own name: both without any way out.
    passes(&app, &ada, "docker rmi nginx:latest nginx:1.26").await;
    let pulled = passes(&app, &ada, "docker pull nginx").await;
    assert!(pulled.contains("Downloaded newer image"), "{pulled}");
    passes(&app, &ada, "docker pull mirror:5000/registry:2.8").await;
    let page = passes(
        &app,
        &ada,
        "docker run -d --name web -p 8080:80 nginx && for n in $(seq 50); do \
         curl -fs localhost:8080 && exit 0; sleep 0.2; done; exit 1",
    )
    .await;
    assert!(page.contains("nginx"), "{page}");

    // What one pushes comes back the same.
    let echoed = passes(&app, &ada, "echo $REGISTRY/$NAMESPACE").await;
    assert_eq!(echoed.trim(), format!("mirror:5000/{}", own.as_str()));
    passes(
        &app,
        &ada,
        "docker tag hello $REGISTRY/$NAMESPACE/hello:1 && docker push $REGISTRY/$NAMESPACE/hello:1 \
         && docker rmi $REGISTRY/$NAMESPACE/hello:1 hello \
         && docker run --rm $REGISTRY/$NAMESPACE/hello:1",
    )
    .await;

    // Elsewhere nothing is pushed, and the engine prints where it could be.
    for name in ["hello:2", "library/hello:latest", "shop/hello:1"] {
        let push = format!("docker tag busybox $REGISTRY/{name}; docker push $REGISTRY/{name}");
        let (code, text) = sh(&app, &ada, &push).await;
        assert_ne!(code, 0, "{text}");
        assert!(text.contains("you can push only to"), "{text}");
    }
    let (code, text) = sh(
        &app,
        &ada,
        "docker tag busybox $REGISTRY/u-000000000000/x:1; docker push $REGISTRY/u-000000000000/x:1",
    )
    .await;
    assert_ne!(code, 0, "{text}");

    // More than one may have is refused by name, also in the middle of a layer.
    let (code, text) = sh(
        &app,
        &ada,
        "mkdir -p ~/big && cd ~/big && head -c 40000000 /dev/urandom >big && \
         printf 'FROM scratch\\nCOPY big /big\\n' >Dockerfile && \
         docker build -q -t $REGISTRY/$NAMESPACE/big:1 . && \
         docker push $REGISTRY/$NAMESPACE/big:1",
    )
    .await;
    assert_ne!(code, 0, "{text}");
    assert!(text.contains("name space (24MiB) is full"), "{text}");
    tear_down(app).await;
}

/// The status that curl gets, with the head and the body before it.
const CURL: &str = "curl -s -i --path-as-is -m 60 -o - -w '\\n%{http_code}\\n'";

async fn status(app: &App, sandbox: &Sandbox, arguments: &str) -> (u16, String) {
    let (_, text) = sh(app, sandbox, &format!("{CURL} {arguments}")).await;
    let code = text.trim_end().lines().last().unwrap_or_default();
    (code.parse().unwrap_or(0), text)
}

#[tokio::test]
async fn name_spaces_are_closed_to_others_and_outlive_server_and_container() {
    let place = Place::new().await;
    let app = place.start().await;
    let (ada, bob) = (learner(&app, "ada").await, learner(&app, "bob").await);
    let space = Namespace::of(ada);
    let space = space.as_str();
    let of_ada = sandbox(&app, ada, "first").await;
    let of_bob = sandbox(&app, bob, "first").await;
    let base = format!("http://mirror:5000/v2/{space}/shop");

    // Ada uploads a blob and a manifest by hand.
    let push = format!(
        "set -e; base={base}; printf '{{}}' >c; d=sha256:$(sha256sum c | cut -d' ' -f1); \
         location=$(curl -fsS -i -X POST $base/blobs/uploads/ | tr -d '\\r' | \
             sed -n 's/^[Ll]ocation: //p'); \
         curl -fsS -X PUT --data-binary @c \"http://mirror:5000$location&digest=$d\"; \
         t=application/vnd.docker.distribution.manifest.v2+json; \
         printf '{{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{{\"mediaType\":\
         \"application/vnd.docker.container.image.v1+json\",\"size\":2,\"digest\":\"%s\"}},\
         \"layers\":[]}}' $t $d >m; \
         curl -fsS -X PUT -H \"Content-Type: $t\" --data-binary @m $base/manifests/1; \
         echo $d"
    );
    let digest = passes(&app, &of_ada, &push).await.trim().to_owned();
    let digest = digest.lines().last().unwrap().to_owned();
    let (code, text) = status(&app, &of_ada, &format!("{base}/tags/list")).await;
    assert_eq!(code, 200, "{text}");
    // An upload that is open, with its signed location.
    let open = format!(
        "curl -fsS -i -X POST {base}/blobs/uploads/ | tr -d '\\r' | sed -n 's/^[Ll]ocation: //p'"
    );
    let location = passes(&app, &of_ada, &open).await.trim().to_owned();
    assert!(location.starts_with(&format!("/v2/{space}/shop/blobs/uploads/")));

    let tricks = [
        format!("{base}/tags/list"),
        format!("{base}/manifests/1"),
        format!("-I {base}/manifests/1"),
        format!("{base}/blobs/{digest}"),
        format!("-X PUT --data x {base}/manifests/1"),
        format!("-X DELETE {base}/manifests/1"),
        format!("-X POST {base}/blobs/uploads/"),
        format!("-X PATCH --data x 'http://mirror:5000{location}'"),
        format!("'http://mirror:5000{location}'"),
        format!("-X DELETE 'http://mirror:5000{location}'"),
        format!("http://mirror:5000/v2/nginx/../{space}/shop/tags/list"),
        format!("http://mirror:5000/v2/nginx/%2e%2e/{space}/shop/tags/list"),
        format!("http://mirror:5000/v2/{space}%2Fshop/tags/list"),
        format!("http://mirror:5000//v2/{space}/shop/tags/list"),
        format!("http://mirror:5000/v2//{space}/shop/tags/list"),
        format!("-H 'Host: {space}' http://mirror:5000/v2/nginx/blobs/{digest}"),
        "http://mirror:5000/debug/vars".to_owned(),
    ];
    for trick in &tricks {
        let (code, text) = status(&app, &of_bob, trick).await;
        assert!((400..500).contains(&code), "{trick}: {text}");
        assert!(!text.contains("\"schemaVersion\""), "{trick}: {text}");
    }
    // A layer of somebody else is not taken over: the registry asks for an upload.
    let bobs = Namespace::of(bob);
    let mount = format!(
        "-X POST 'http://mirror:5000/v2/{}/shop/blobs/uploads/?mount={digest}&from={space}%2Fshop'",
        bobs.as_str()
    );
    let (code, text) = status(&app, &of_bob, &mount).await;
    assert_eq!(code, 202, "{text}");
    // Nor when it is asked for in a form, which the registry would read.
    let form = format!(
        "-X POST -H 'Content-Type: application/x-www-form-urlencoded' \
         --data 'mount={digest}&from={space}%2Fshop' \
         'http://mirror:5000/v2/{}/shop/blobs/uploads/'",
        bobs.as_str()
    );
    let (code, text) = status(&app, &of_bob, &form).await;
    assert_eq!(code, 202, "{text}");
    let stolen = format!(
        "http://mirror:5000/v2/{}/shop/blobs/{digest}",
        bobs.as_str()
    );
    let (code, text) = status(&app, &of_bob, &stolen).await;
    assert_eq!(code, 404, "{text}");
    // Ada's own upload goes on all the same.
    let (code, text) = status(
        &app,
        &of_ada,
        &format!("-X PATCH --data x 'http://mirror:5000{location}'"),
    )
    .await;
    assert_eq!(code, 202, "{text}");

    let catalog = "http://mirror:5000/v2/_catalog";
    let (_, listed) = status(&app, &of_bob, catalog).await;
    assert!(
        listed.contains("\"nginx\"") && !listed.contains(space),
        "{listed}"
    );
    let (_, listed) = status(&app, &of_ada, catalog).await;
    assert!(listed.contains(&format!("{space}/shop")), "{listed}");

    // A flood of idle connections from one sandbox leaves the other its own.
    let flood = "for n in $(seq 200); do (exec 3<>/dev/tcp/mirror/5000; sleep 20) & done; sleep 2; \
                 echo flooding";
    let tags = format!("{base}/tags/list");
    let (flooded, (code, text)) =
        tokio::join!(sh(&app, &of_bob, flood), status(&app, &of_ada, &tags));
    assert_eq!(code, 200, "{text}");
    assert!(flooded.1.contains("flooding"), "{}", flooded.1);

    // Another server, the same sandboxes and the same mirror.
    app.stop.cancel();
    shut_down(&app).await;
    let app = place.start().await;
    let again = format!("--retry 60 --retry-all-errors --retry-delay 1 {base}/tags/list");
    let (code, text) = status(&app, &of_ada, &again).await;
    assert_eq!(code, 200, "{text}");

    // Another container, the same data.
    let killed = std::process::Command::new("sh")
        .args(["-c", "docker rm -f $(docker ps -q --filter label=io.slipway.service=registry --filter label=io.slipway.instance=$INSTANCE)"])
        .env("INSTANCE", app.store.setting("instance").await.unwrap().unwrap())
        .output()
        .unwrap();
    assert!(killed.status.success(), "{killed:?}");
    let (code, text) = status(&app, &of_ada, &format!("{base}/tags/list")).await;
    assert_eq!(code, 200, "{text}");
    tear_down(app).await;
}

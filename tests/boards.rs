//! The board of a Docker lab, on a real nested engine: what a learner does there is in the picture
//! within the time that the lab page promises, give or take a busy machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says so"
)]

mod sandbox_support;

use std::{path::Path, time::Duration};

use slipway::{
    boards::{Picture, docker},
    config::Config,
    domain::{
        ids::UserId,
        sandbox::SandboxState,
        user::{Role, User},
    },
    lifecycle::{assemble, shut_down, start_background},
    services::{App, boards::BoardView},
    store::{attempts::Attempt, sandboxes::Sandbox},
};
use slipway_agent::{client::AgentClient, protocol::ExecRequest, protocol::RunAs};
use tokio::time::timeout;

use sandbox_support::{agent_program, slug};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

async fn start(data: &Path) -> App {
    let config = Config {
        data_dir: data.to_owned(),
        labs_dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("labs"),
        agent_binary: Some(agent_program()),
        engine_host: std::env::var("DOCKER_HOST").ok(),
        sandbox_subnets: "10.216.0.0/16".to_owned(),
        ..Config::default()
    };
    let app = assemble(config).await.unwrap();
    app.publish_labs().await.unwrap();
    start_background(&app).await.unwrap();
    app
}

async fn attempt(app: &App) -> Attempt {
    let user = User {
        id: UserId::generate(),
        username: "ada".parse().unwrap(),
        role: Role::Student,
        created_at: app.clock.now(),
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.insert_user(&user, "!").await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let lab = slug("docker-first-container");
    app.start_attempt(user.id, &lab).await.unwrap()
}

async fn ready(app: &App, attempt: &Attempt) -> Sandbox {
    let mut events = app.events.subscribe(attempt.id);
    let wait = async {
        loop {
            let sandbox = app.store.latest_sandbox(attempt.id).await.unwrap().unwrap();
            if sandbox.state == SandboxState::Ready {
                return sandbox;
            }
            let _ = events.recv().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("a sandbox in time")
}

/// Waits for a picture that fits.
async fn until(board: &mut BoardView, fits: impl Fn(&docker::Picture) -> bool) -> docker::Picture {
    let wait = async {
        loop {
            if let Some(Picture::Docker(picture)) = &board.now().picture
                && fits(picture)
            {
                return picture.clone();
            }
            assert!(board.changed().await);
        }
    };
    let last = timeout(PATIENCE, wait).await;
    last.expect("a picture that fits, in time")
}

async fn run(desk: &AgentClient, line: &str) {
    let request = ExecRequest::new(RunAs::Learner, ["/bin/sh", "-c", line].map(str::to_owned))
        .timeout(Duration::from_secs(60))
        .env("PATH", "/usr/bin:/bin")
        .env("DOCKER_HOST", "unix:///run/user/1000/docker.sock");
    let outcome = desk.exec(&request).await.unwrap();
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(outcome.succeeded(), "{line}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_follows_a_real_nested_engine() {
    let dir = tempfile::tempdir().unwrap();
    let app = start(dir.path()).await;
    let attempt = attempt(&app).await;
    let version = app.lab_version(attempt.lab_version_id).await.unwrap();
    // Somebody may look before there is anything to see.
    let mut board = app.look_at_board(&attempt, 0, &version.lab.boards[0]);
    app.start_sandbox(&attempt).await.unwrap();
    let sandbox = ready(&app, &attempt).await;
    let desk = app
        .agents
        .get(sandbox.id, sandbox.generation, &slug("desk"))
        .await
        .unwrap();

    let picture = until(&mut board, |p| !p.images.is_empty()).await;
    assert!(picture.containers.is_empty() && picture.networks[0].name == "bridge");

    run(&desk, "docker network create shop").await;
    run(&desk, "docker volume create data").await;
    let web = "docker run -d --name web --network shop -p 8080:80 -v data:/data nginx";
    run(&desk, web).await;
    let picture = until(&mut board, |p| {
        p.containers
            .iter()
            .any(|c| c.name == "web" && c.state == docker::State::Running)
    })
    .await;
    let [web] = picture.containers.as_slice() else {
        panic!("{:?}", picture.containers);
    };
    assert_eq!(web.networks[0].network, "shop");
    assert!(web.networks[0].address.is_some());
    assert_eq!(
        (web.ports[0].public, web.ports[0].private),
        (Some(8080), 80)
    );
    assert_eq!(
        (web.mounts[0].source.as_str(), web.mounts[0].volume),
        ("data", true)
    );
    assert!(picture.networks.iter().any(|n| n.name == "shop"));
    assert!(picture.volumes.iter().any(|v| v.name == "data"));
    assert!(picture.images.iter().any(|i| i.id == web.image_id));

    run(&desk, "docker kill web").await;
    let picture = until(&mut board, |p| {
        p.containers[0].state == docker::State::Exited
    })
    .await;
    assert_eq!(picture.containers[0].exit_code, Some(137));
    run(&desk, "docker rm web; docker tag nginx mine:1").await;
    let tagged = |p: &docker::Picture| p.images.iter().any(|i| i.tags.contains(&"mine:1".into()));
    until(&mut board, |p| p.containers.is_empty() && tagged(p)).await;

    drop(board);
    assert_eq!(app.boards.running(), 0);
    app.stop.cancel();
    for seen in app.engine.observe().await.unwrap() {
        app.engine.remove(seen.id).await.unwrap();
    }
    shut_down(&app).await;
}

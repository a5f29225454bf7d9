//! What the tests against a real engine share: an engine of their own, sandboxes that go away, and
//! commands in them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test program uses a part of it"
)]

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use slipway::{
    domain::{
        clock::Timestamp,
        ids::{SandboxId, Slug, UserId},
        lab::{Network, Profile},
        quantity::ByteSize,
    },
    sandbox::{
        AgentStream, Engine, GraderSpec, MachineSpec, Owner, SandboxSpec,
        docker::{DockerConfig, DockerEngine, ImageBuilder, InstanceId, Timeouts},
        images::ImageCatalog,
        network::SubnetPool,
    },
};
use slipway_agent::{
    client::AgentClient,
    protocol::{ExecRequest, ExecStatus, RunAs},
};
use tokio::sync::OnceCell;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long an agent may take to answer after its machine was started.
const READY: Duration = Duration::from_secs(30);

pub fn slug(name: &str) -> Slug {
    name.parse().unwrap()
}

/// The agent as it is shipped: static, so that it runs in any image. Built when it is out of date.
pub fn agent_program() -> PathBuf {
    static PROGRAM: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            if let Ok(path) = std::env::var("SLIPWAY_AGENT_BINARY") {
                return path.into();
            }
            let triple = host_triple();
            let status = Command::new(env!("CARGO"))
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .env("RUSTFLAGS", "-C target-feature=+crt-static")
                .args(["build", "--quiet", "-p", "slipway-agent", "--release"])
                .args(["--target", &triple])
                .status()
                .unwrap();
            assert!(status.success(), "the agent does not build");
            target_folder().join(triple).join("release/slipway-agent")
        })
        .clone()
}

fn host_triple() -> String {
    let out = Command::new("rustc").arg("-vV").output().unwrap();
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .unwrap()
        .to_owned()
}

/// From `<target>/debug/deps/<this test>`.
fn target_folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    exe.ancestors().nth(3).unwrap().to_path_buf()
}

/// The engine as `DOCKER_HOST` says, under an installation's name of the test's own.
pub fn engine() -> Arc<DockerEngine> {
    engine_at(std::env::var("DOCKER_HOST").ok(), Timeouts::default())
}

pub fn engine_at(host: Option<String>, timeouts: Timeouts) -> Arc<DockerEngine> {
    let name = format!("test-{}", uuid::Uuid::new_v4().simple());
    Arc::new(DockerEngine::new(DockerConfig {
        host,
        instance: name.parse::<InstanceId>().unwrap(),
        agent: agent_program(),
        pool: SubnetPool::new("10.214.0.0/16".parse().unwrap()).unwrap(),
        runtimes: HashMap::new(),
        firewall: true,
        resolvers: vec![],
        timeouts,
    }))
}

/// The tag of a lab image; built when the engine does not have it.
pub async fn image(name: &str) -> String {
    static BUILDER: OnceCell<Arc<ImageBuilder>> = OnceCell::const_new();
    let builder = BUILDER
        .get_or_init(|| async {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs/images");
            let catalog = ImageCatalog::read(&folder).unwrap();
            let bootstrap = folder.join("bootstrap-base");
            Arc::new(ImageBuilder::new(
                engine(),
                catalog,
                bootstrap,
                BTreeMap::new(),
            ))
        })
        .await;
    builder.refresh().await.unwrap();
    // Each test has a runtime of its own, which ends with it: so each brings its own worker.
    let cancel = CancellationToken::new();
    let worker = builder.clone();
    let token = cancel.clone();
    let _worker = AbortOnDropHandle::new(tokio::spawn(async move { worker.run(token).await }));
    builder.ensure(&slug(name)).await.unwrap()
}

pub async fn machine(name: &str, profile: Profile) -> MachineSpec {
    MachineSpec {
        name: slug(name),
        image: image("base").await,
        profile,
        memory: ByteSize::mib(128),
        cpus: 1.0,
        disk: ByteSize::mib(16),
        env: BTreeMap::new(),
        service_env: BTreeMap::new(),
        keep_home: false,
    }
}

pub fn sandbox(machines: Vec<MachineSpec>) -> SandboxSpec {
    SandboxSpec {
        id: SandboxId::generate(),
        generation: 0,
        owner: Some(Owner {
            user: UserId::generate(),
            lab: slug("a-lab"),
            deadline: Timestamp::from_millis(4_102_444_800_000),
        }),
        machines,
        grader: None,
        network: Network::Isolated,
    }
}

pub async fn grader() -> GraderSpec {
    GraderSpec {
        image: image("grader").await,
        known_as: vec![],
    }
}

/// A sandbox that is removed at the end of the test, also when it fails.
pub struct Running {
    pub engine: Arc<DockerEngine>,
    pub spec: SandboxSpec,
}

impl Running {
    pub async fn start(spec: SandboxSpec) -> Self {
        Self::start_on(engine(), spec).await
    }

    pub async fn start_on(engine: Arc<DockerEngine>, spec: SandboxSpec) -> Self {
        let running = Self { engine, spec };
        running.engine.create(&running.spec).await.unwrap();
        running
    }

    /// One machine of a profile, with limits small enough to reach quickly.
    pub async fn one(profile: Profile) -> Self {
        Self::start(sandbox(vec![machine("desk", profile).await])).await
    }

    pub async fn agent(&self, machine: &str) -> Agent {
        Agent::connect(&self.engine, self.spec.id, machine).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A runtime of its own: the test's may be unwinding.
        let (engine, id) = (self.engine.clone(), self.spec.id);
        let removed = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(engine.remove(id))
        })
        .join();
        if !std::thread::panicking() {
            removed.unwrap().unwrap();
        }
    }
}

/// A connection to a machine's agent.
pub struct Agent {
    pub client: AgentClient,
    _connection: AbortOnDropHandle<()>,
}

impl Agent {
    pub async fn connect(engine: &DockerEngine, id: SandboxId, machine: &str) -> Self {
        let stream: AgentStream = engine.connect(id, &slug(machine)).await.unwrap();
        tokio::time::timeout(READY, async {
            let (client, connection) = AgentClient::handshake(stream).await.unwrap();
            let connection = AbortOnDropHandle::new(tokio::spawn(connection));
            client.info().await.unwrap();
            Self {
                client,
                _connection: connection,
            }
        })
        .await
        .expect("the agent answers")
    }

    /// Waits until the machine's image says that it is ready: a cluster on a busy host takes longer
    /// than one command may.
    #[track_caller]
    pub fn becomes_ready(&self) -> impl Future<Output = ()> + '_ {
        const WAIT: &str =
            "for i in $(seq 250); do /etc/slipway/ready && exit 0; sleep 0.2; done; exit 1";
        let caller = std::panic::Location::caller();
        async move {
            let mut ready = false;
            for _ in 0..3 {
                ready = self.root(WAIT).await.status == ExecStatus::Exited { code: 0 };
                if ready {
                    break;
                }
            }
            assert!(ready, "the machine awaited at {caller} is not ready");
        }
    }

    /// Runs a shell script as the learner.
    pub async fn learner(&self, script: &str) -> Output {
        self.run(RunAs::Learner, script).await
    }

    /// Runs a shell script as root of the machine.
    pub async fn root(&self, script: &str) -> Output {
        self.run(RunAs::Root, script).await
    }

    /// The same, and what it started goes on.
    pub async fn learner_keeping(&self, script: &str) -> Output {
        self.exec(RunAs::Learner, script, true).await
    }

    async fn run(&self, user: RunAs, script: &str) -> Output {
        self.exec(user, script, false).await
    }

    async fn exec(&self, user: RunAs, script: &str, keep: bool) -> Output {
        let mut request = ExecRequest::new(user, ["/bin/sh", "-c", script])
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .timeout(Duration::from_secs(60));
        request.login_env = true;
        if keep {
            request = request.keep_leftovers();
        }
        let outcome = self.client.exec(&request).await.unwrap();
        Output {
            stdout: String::from_utf8_lossy(&outcome.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&outcome.stderr).into_owned(),
            status: outcome.status,
        }
    }
}

/// What a script came to.
#[derive(Debug)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub status: ExecStatus,
}

impl Output {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, ExecStatus::Exited { code: 0 }, "{self:?}");
        self.stdout.trim_end().to_owned()
    }

    #[track_caller]
    pub fn refused(&self) {
        assert!(
            matches!(self.status, ExecStatus::Exited { code } if code != 0),
            "{self:?}"
        );
    }
}

//! The connection to the engine.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use async_trait::async_trait;
use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::sync::{Mutex, OnceCell};

use super::{
    archive::AgentProgram,
    error::{explain, within},
    labels::InstanceId,
};
use crate::{
    domain::{
        ids::{SandboxId, Slug},
        lab::Profile,
    },
    sandbox::{
        engine::{
            AgentStream, Engine, EngineError, EngineInfo, ImageOnDisk, MachineStats, Observed,
            SandboxSpec, ServiceSpec,
        },
        network::SubnetPool,
    },
};

/// Where the engine answers when nothing else is said.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// How the engine is reached and used.
#[derive(Debug, Clone)]
pub struct DockerConfig {
    /// As in `DOCKER_HOST`: `unix:///…` or `tcp://…`; the default socket when `None`.
    pub host: Option<String>,
    /// Names this installation.
    pub instance: InstanceId,
    /// The agent's program, built static for the engine's architecture.
    pub agent: PathBuf,
    /// Where sandboxes' networks come from.
    pub pool: SubnetPool,
    /// Other OCI runtimes (runsc, kata, sysbox-runc) for profiles, as the engine knows them.
    pub runtimes: HashMap<Profile, String>,
    /// Whether rules may be put into this machine's firewall, where it is the engine's host. Without
    /// them no lab gets a way to the internet.
    pub firewall: bool,
    /// The name servers of machines with a way to the internet; empty for those of this machine,
    /// where it is the engine's host.
    pub resolvers: Vec<Ipv4Addr>,
    /// How long the engine may take.
    pub timeouts: Timeouts,
}

/// How long each kind of engine call may take before it counts as failed.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Lists, inspections and other questions.
    pub question: Duration,
    /// Making a container, volume or network.
    pub create: Duration,
    /// Uploading the agent.
    pub upload: Duration,
    /// Starting, freezing or thawing a container.
    pub start: Duration,
    /// Removing a container, volume or network.
    pub remove: Duration,
    /// Opening the stream to an agent.
    pub connect: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            question: seconds(10),
            create: seconds(30),
            upload: seconds(30),
            start: seconds(30),
            remove: seconds(30),
            connect: seconds(15),
        }
    }
}

/// A Docker engine, or one that speaks like it.
#[derive(Debug)]
pub struct DockerEngine {
    config: DockerConfig,
    connection: Mutex<Option<Docker>>,
    agent: OnceCell<AgentProgram>,
    /// Networks are allocated one at a time, so that two sandboxes don't pick the same subnet.
    pub(super) allocation: Mutex<()>,
    /// One change at a time for each sandbox.
    changes: Mutex<HashMap<SandboxId, Weak<Mutex<()>>>>,
    /// One change to services at a time.
    services: Mutex<()>,
    pub(super) layer_quota: OnceCell<bool>,
    pub(super) podman: OnceCell<bool>,
}

impl DockerEngine {
    /// An engine that is not spoken to yet: it need not run.
    pub fn new(config: DockerConfig) -> Self {
        Self {
            config,
            connection: Mutex::new(None),
            agent: OnceCell::new(),
            allocation: Mutex::new(()),
            changes: Mutex::new(HashMap::new()),
            services: Mutex::new(()),
            layer_quota: OnceCell::new(),
            podman: OnceCell::new(),
        }
    }

    /// Where the engine answers.
    pub fn host(&self) -> &str {
        self.config.host.as_deref().unwrap_or(DEFAULT_HOST)
    }

    /// Whether the engine runs on this machine, as far as its address tells.
    pub fn is_local(&self) -> bool {
        self.host().starts_with("unix://")
    }

    pub(super) const fn config(&self) -> &DockerConfig {
        &self.config
    }

    pub(super) const fn instance(&self) -> &InstanceId {
        &self.config.instance
    }

    pub(super) const fn timeouts(&self) -> &Timeouts {
        &self.config.timeouts
    }

    /// The connection, its API version settled with the engine on first use. (Each request opens a
    /// connection of its own: nothing to keep alive.)
    pub(super) async fn docker(&self) -> Result<Docker, EngineError> {
        let mut connection = self.connection.lock().await;
        if let Some(docker) = &*connection {
            return Ok(docker.clone());
        }
        let limit = self.timeouts().question;
        let docker = connect(self.host()).map_err(|e| explain(e, "connect", limit))?;
        let docker = within(
            "ask the engine for its version",
            limit,
            docker.negotiate_version(),
        )
        .await?;
        *connection = Some(docker.clone());
        Ok(docker)
    }

    /// The agent's program, read on first use: without it no sandbox can be made, but all else works.
    pub(super) async fn agent(&self) -> Result<&AgentProgram, EngineError> {
        let path = self.config.agent.clone();
        self.agent
            .get_or_try_init(|| async {
                let shown = path.display().to_string();
                tokio::task::spawn_blocking(move || AgentProgram::read(&path))
                    .await
                    .map_err(std::io::Error::other)
                    .flatten()
                    .map_err(|e| EngineError::Other(format!("the agent's program {shown}: {e}")))
            })
            .await
    }

    /// The right to change a sandbox, until dropped.
    pub(super) async fn change(&self, id: SandboxId) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut changes = self.changes.lock().await;
            changes.retain(|_, lock| lock.strong_count() > 0);
            let known = changes.get(&id).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::new(Mutex::new(()));
                changes.insert(id, Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }
}

fn connect(host: &str) -> Result<Docker, bollard::errors::Error> {
    // Our own time-outs are shorter, but for streams that go on for long (builds, exec), whose
    // first answer alone this limits.
    const SECONDS: u64 = 120;
    match host.strip_prefix("unix://") {
        Some(path) => Docker::connect_with_unix(path, SECONDS, API_DEFAULT_VERSION),
        None => Docker::connect_with_http(host, SECONDS, API_DEFAULT_VERSION),
    }
}

#[async_trait]
impl Engine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        self.read_info().await
    }

    async fn observe(&self) -> Result<Vec<Observed>, EngineError> {
        self.observe_all().await
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<(), EngineError> {
        let _change = self.change(spec.id).await;
        self.create_sandbox(spec).await
    }

    async fn remove(&self, id: SandboxId) -> Result<(), EngineError> {
        let _change = self.change(id).await;
        self.remove_sandbox(id).await
    }

    async fn pause(&self, id: SandboxId) -> Result<(), EngineError> {
        let _change = self.change(id).await;
        self.pause_sandbox(id).await
    }

    async fn unpause(&self, id: SandboxId) -> Result<(), EngineError> {
        let _change = self.change(id).await;
        self.unpause_sandbox(id).await
    }

    async fn connect(&self, id: SandboxId, machine: &Slug) -> Result<AgentStream, EngineError> {
        self.open_agent(id, machine).await
    }

    async fn stats(&self, id: SandboxId) -> Result<Vec<MachineStats>, EngineError> {
        self.read_stats(id).await
    }

    async fn keep_service(&self, spec: &ServiceSpec) -> Result<(), EngineError> {
        let _one = self.services.lock().await;
        self.keep_service_running(spec).await
    }

    async fn connect_service(&self, name: &Slug) -> Result<AgentStream, EngineError> {
        self.open_service(name).await
    }

    async fn remove_service(&self, name: &Slug) -> Result<(), EngineError> {
        let _one = self.services.lock().await;
        self.remove_service_and_data(name).await
    }

    async fn image_on_disk(&self, tag: &str) -> Result<ImageOnDisk, EngineError> {
        self.read_image(tag).await
    }

    async fn image_present(&self, tag: &str) -> Result<bool, EngineError> {
        let docker = self.docker().await?;
        let limit = self.timeouts().question;
        match within("look for an image", limit, docker.inspect_image(tag)).await {
            Ok(_) => Ok(true),
            Err(EngineError::ImageMissing(_) | EngineError::NotRunning(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

//! What the rest of the program asks of a container engine.
//!
//! The trait speaks in sandboxes and machines; containers, networks and volumes stay behind it.

use std::{
    collections::BTreeMap,
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::domain::{
    clock::Timestamp,
    ids::{SandboxId, Slug, UserId},
    lab::{Network, Profile},
    quantity::ByteSize,
};

/// The machine from which checks look at the others. No machine of a lab may have this name.
pub const GRADER: &str = "grader";

/// A sandbox as it shall be made.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxSpec {
    /// Which sandbox.
    pub id: SandboxId,
    /// Counts resets; what exists of another generation is replaced.
    pub generation: u32,
    /// Whose it is; nobody's when it is made in advance.
    pub owner: Option<Owner>,
    /// The lab's machines.
    pub machines: Vec<MachineSpec>,
    /// The machine from which checks look at the others, named [`GRADER`].
    pub grader: Option<GraderSpec>,
    /// Whether the machines reach the internet.
    pub network: Network,
}

/// Whose a sandbox is. Written on its containers for whoever looks at the engine; the store decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The learner.
    pub user: UserId,
    /// Which lab it is for.
    pub lab: Slug,
    /// When it ends at the latest, as far as known when it is made.
    pub deadline: Timestamp,
}

/// A machine as it shall be made.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineSpec {
    /// Its host name in the sandbox's network.
    pub name: Slug,
    /// The image by tag, as `image::ImageState::Ready` gives it.
    pub image: String,
    /// The container settings.
    pub profile: Profile,
    /// Memory, swap included.
    pub memory: ByteSize,
    /// Processor time in cores.
    pub cpus: f64,
    /// Disk for the learner's home and, in the `docker` profile, for the nested engine's data.
    pub disk: ByteSize,
    /// Environment of the learner's shells.
    pub env: BTreeMap<String, String>,
    /// Environment of the machine's service (the image's start script) alone; the learner does not
    /// see it. Secrets belong here.
    pub service_env: BTreeMap<String, String>,
    /// Whether the home of an earlier generation is taken over.
    pub keep_home: bool,
}

/// The grader machine as it shall be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraderSpec {
    /// The image by tag.
    pub image: String,
    /// Names under which the other machines reach it, for what the server offers them there.
    pub known_as: Vec<Slug>,
}

/// A container of the server's own, beside the sandboxes: not in their networks, and reached
/// through its agent alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceSpec {
    /// Its name, one of a kind on this installation.
    pub name: Slug,
    /// The image by tag.
    pub image: String,
    /// Memory of its processes.
    pub memory: ByteSize,
    /// Processor time in cores.
    pub cpus: f64,
    /// Environment of the image's start script.
    pub env: BTreeMap<String, String>,
    /// Where its data is kept, on a volume that outlives it.
    pub data: &'static str,
    /// Whether it reaches the internet; else it has no network at all.
    pub internet: bool,
}

/// What the engine holds of one sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Which sandbox.
    pub id: SandboxId,
    /// The newest generation of which anything exists.
    pub generation: u32,
    /// Whose it is, as its labels say; `None` when it was made in advance, or only a network or
    /// volume is left.
    pub owner: Option<UserId>,
    /// The deadline that its labels name.
    pub deadline: Option<Timestamp>,
    /// Its machines, the grader included. Empty when only a network or volume is left.
    pub machines: Vec<MachineObserved>,
}

/// A machine that the engine holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineObserved {
    /// Its name; [`GRADER`] for the grader.
    pub name: Slug,
    /// The generation it was made for.
    pub generation: u32,
    /// How it is.
    pub state: MachineState,
}

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MachineState {
    /// Made, not started.
    Created,
    /// Runs.
    Running,
    /// Frozen.
    Paused,
    /// Ended.
    Exited,
}

/// What a machine uses now.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineStats {
    /// Its name.
    pub name: Slug,
    /// Memory in use in bytes, page cache left out.
    pub memory_bytes: u64,
    /// Processor time used since its start.
    pub cpu: Duration,
    /// Processes and threads.
    pub pids: u64,
}

/// An image on the engine's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOnDisk {
    /// All of its layers, in bytes.
    pub bytes: u64,
    /// Its layers, from the lowest on; empty when the engine does not tell.
    pub layers: Vec<LayerOnDisk>,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerOnDisk {
    /// The same for two images exactly when they share the layer and all below it.
    pub id: String,
    /// What it adds, in bytes.
    pub bytes: u64,
}

/// What the engine is and can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// `Docker` or `Podman`.
    pub product: String,
    /// Its version.
    pub version: String,
    /// The version of the API in use.
    pub api_version: String,
    /// 1 or 2.
    pub cgroup_version: u8,
    /// Such as `overlay2`.
    pub storage_driver: String,
    /// Whether the writable layer of a container can be limited.
    pub layer_quota: bool,
    /// Whether networks can be made whose bridge has no address of the host (Docker 28).
    pub isolated_gateway: bool,
    /// How isolated sandboxes are kept from the host's services.
    pub host_isolation: HostIsolation,
    /// Why no lab gets a way to the internet; `None` when they can.
    pub internet_refused: Option<String>,
    /// Whether the engine runs without root on its host.
    pub rootless: bool,
    /// Security options as the engine names them.
    pub security_options: Vec<String>,
    /// Processor cores of the engine's host.
    pub cpus: u32,
    /// Memory of the engine's host in bytes.
    pub memory_bytes: u64,
    /// Where the engine keeps its data, on its host.
    pub data_folder: String,
}

/// How isolated sandboxes are kept from the services of the engine's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostIsolation {
    /// Their bridges have no address on the host.
    NoAddress,
    /// The host's firewall drops what comes from their bridges.
    Firewall,
    /// Nothing keeps them away; says why.
    None(String),
}

/// What can go wrong, as far as callers act differently on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Nobody answers at the engine's address. Passes when the engine starts.
    #[error("the container engine does not answer: {0}")]
    EngineUnreachable(String),
    /// The engine took the request and did not answer in time. May pass.
    #[error("the container engine did not finish `{operation}` within {} s", limit.as_secs())]
    EngineTimeout {
        /// What was asked of it.
        operation: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// The image must be built first.
    #[error("the image `{0}` does not exist on the engine")]
    ImageMissing(String),
    /// No room for another sandbox; says of what.
    #[error("no room: {0}")]
    OutOfRoom(String),
    /// Something else of that name is in the way, or is being changed by somebody else.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The sandbox or machine does not exist, or does not run.
    #[error("{0} does not run")]
    NotRunning(String),
    /// Everything else.
    #[error("the container engine failed: {0}")]
    Other(String),
}

impl EngineError {
    /// Whether the same request may well succeed a little later, without anybody's help.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::EngineUnreachable(_) | Self::EngineTimeout { .. } | Self::Conflict(_)
        )
    }
}

/// A container engine. Every call is bounded by a time-out of its own and is safe to repeat.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// What the engine is and can do.
    async fn info(&self) -> Result<EngineInfo, EngineError>;

    /// Everything on the engine that carries the label of this installation, sorted by sandbox.
    async fn observe(&self) -> Result<Vec<Observed>, EngineError>;

    /// Makes the sandbox and starts its machines. What exists of it in the same generation is kept
    /// when it runs, and made anew when not; what exists of another generation is removed first
    /// (homes with `keep_home` aside). Leaves nothing behind when it fails.
    async fn create(&self, spec: &SandboxSpec) -> Result<(), EngineError>;

    /// Removes the sandbox's containers, volumes and network. Fine when there is nothing.
    async fn remove(&self, id: SandboxId) -> Result<(), EngineError>;

    /// Freezes every machine of the sandbox.
    async fn pause(&self, id: SandboxId) -> Result<(), EngineError>;

    /// Thaws every machine of the sandbox.
    async fn unpause(&self, id: SandboxId) -> Result<(), EngineError>;

    /// Opens a stream to the agent of a machine.
    async fn connect(&self, id: SandboxId, machine: &Slug) -> Result<AgentStream, EngineError>;

    /// What the sandbox's running machines use now.
    async fn stats(&self, id: SandboxId) -> Result<Vec<MachineStats>, EngineError>;

    /// Makes a service and starts it, or leaves it alone when it runs just so. One that was made
    /// from another specification is made anew; its data stays.
    async fn keep_service(&self, _spec: &ServiceSpec) -> Result<(), EngineError> {
        Err(EngineError::Other("no services here".to_owned()))
    }

    /// Opens a stream to the agent of a service.
    async fn connect_service(&self, name: &Slug) -> Result<AgentStream, EngineError> {
        Err(EngineError::NotRunning(format!("service {name}")))
    }

    /// Removes a service and its data. Fine when there is none.
    async fn remove_service(&self, _name: &Slug) -> Result<(), EngineError> {
        Ok(())
    }

    /// How large an image is.
    async fn image_on_disk(&self, _tag: &str) -> Result<ImageOnDisk, EngineError> {
        Err(EngineError::Other("no images here".to_owned()))
    }

    /// Whether an image of this tag exists.
    async fn image_present(&self, tag: &str) -> Result<bool, EngineError>;
}

/// A two-way byte stream to the agent of a machine. Dropping it ends the connection, not the agent.
pub struct AgentStream {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    writer: Pin<Box<dyn AsyncWrite + Send>>,
}

impl AgentStream {
    /// From its two halves.
    pub fn new(
        reader: impl AsyncRead + Send + 'static,
        writer: impl AsyncWrite + Send + 'static,
    ) -> Self {
        Self {
            reader: Box::pin(reader),
            writer: Box::pin(writer),
        }
    }
}

impl fmt::Debug for AgentStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentStream").finish_non_exhaustive()
    }
}

impl AsyncRead for AgentStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reader.as_mut().poll_read(cx, buf)
    }
}

impl AsyncWrite for AgentStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.as_mut().poll_shutdown(cx)
    }
}

//! What an agent says about itself.

use super::{Invalid, TerminalInfo, Validate, base64_bytes, ensure};
use serde::{Deserialize, Serialize};

/// Bytes kept of what the start script printed last.
pub const LOG_TAIL: usize = 64 * 1024;

/// Where the image's start script stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ServiceState {
    /// The image has none.
    Absent,
    /// It runs.
    Running,
    /// It ended with code 0 and is left alone.
    Finished,
    /// It ended otherwise and is about to be started again.
    Waiting {
        /// How it ended, for logs.
        reason: String,
    },
}

/// The image's start script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Where it stands.
    pub state: ServiceState,
    /// How often it was started again.
    pub restarts: u32,
    /// The last [`LOG_TAIL`] bytes of its output.
    #[serde(with = "base64_bytes")]
    pub log_tail: Vec<u8>,
}

impl Validate for ServiceStatus {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.log_tail.len() <= LOG_TAIL, "log_tail: at most 64 KiB")?;
        match &self.state {
            ServiceState::Waiting { reason } => ensure(reason.len() <= 1024, "reason: 1 KiB"),
            _ => Ok(()),
        }
    }
}

/// Who the agent is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentInfo {
    /// Version of the program.
    pub version: String,
    /// Number of the protocol it speaks; the client refuses any other than its own.
    pub protocol: u32,
    /// Random, new at every start of the machine: terminal offsets of another boot are void.
    pub boot: String,
    /// The machine's name, as configured.
    pub machine: String,
    /// The image's start script.
    pub service: ServiceStatus,
    /// All terminals.
    pub terminals: Vec<TerminalInfo>,
}

impl Validate for AgentInfo {
    fn validate(&self) -> Result<(), Invalid> {
        let short = |text: &str| text.len() <= 64;
        ensure(
            short(&self.version) && short(&self.boot) && short(&self.machine),
            "version, boot, machine: at most 64 bytes",
        )?;
        ensure(self.terminals.len() <= 64, "at most 64 terminals")?;
        self.terminals.iter().try_for_each(Validate::validate)?;
        self.service.validate()
    }
}

/// Signs of life, for pausing idle sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Milliseconds since somebody typed or wrote a file; `None` if nobody ever did.
    pub last_input_ms_ago: Option<u64>,
    /// Terminal viewers attached now.
    pub attached_viewers: u32,
    /// CPU time of the whole machine since it started, if its cgroup can be read.
    pub cpu_usage_usec: Option<u64>,
}

impl Validate for Activity {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

//! The life of a sandbox.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::lab::Lab;

/// Where a sandbox is in its life. It only moves forward, but for `Ready ⇄ Paused` and a reset,
/// which starts the same sandbox over at `Requested` with the next generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxState {
    /// Asked for; not looked at yet.
    Requested,
    /// Waits for room or for its images.
    Queued,
    /// Its network and machines are being made.
    Creating,
    /// Its machines start and are set up.
    Preparing,
    /// The learner works.
    Ready,
    /// Frozen while nobody works.
    Paused,
    /// Gone; says why.
    Ended,
}

impl SandboxState {
    /// The name in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Queued => "queued",
            Self::Creating => "creating",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }

    /// Whether containers may exist for it.
    pub const fn holds_resources(self) -> bool {
        matches!(
            self,
            Self::Creating | Self::Preparing | Self::Ready | Self::Paused
        )
    }
}

/// Why a sandbox ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The learner finished.
    Finished,
    /// Its time was over.
    Expired,
    /// It could not be made or set up; the learner may try again.
    Failed,
    /// Its machines vanished from the engine.
    Lost,
    /// An administrator ended it.
    Stopped,
}

impl EndReason {
    /// The name in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
        }
    }
}

/// The labs of which sandboxes are made in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WarmLabs {
    /// Those with a Kubernetes cluster, which takes long to start.
    Clusters,
    /// All that can be.
    All,
}

impl WarmLabs {
    /// Whether a lab is one of them. One that uses the class mirror never is: its shells know the
    /// learner from their start.
    pub const fn include(self, lab: &Lab) -> bool {
        let chosen = match self {
            Self::Clusters => lab.kubernetes.is_some(),
            Self::All => true,
        };
        chosen && !lab.mirror
    }
}

/// The text names no state or reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown sandbox state or end reason")]
pub struct UnknownState;

impl FromStr for SandboxState {
    type Err = UnknownState;
    fn from_str(s: &str) -> Result<Self, UnknownState> {
        [
            Self::Requested,
            Self::Queued,
            Self::Creating,
            Self::Preparing,
            Self::Ready,
            Self::Paused,
            Self::Ended,
        ]
        .into_iter()
        .find(|state| state.as_str() == s)
        .ok_or(UnknownState)
    }
}

impl FromStr for EndReason {
    type Err = UnknownState;
    fn from_str(s: &str) -> Result<Self, UnknownState> {
        [
            Self::Finished,
            Self::Expired,
            Self::Failed,
            Self::Lost,
            Self::Stopped,
        ]
        .into_iter()
        .find(|reason| reason.as_str() == s)
        .ok_or(UnknownState)
    }
}

impl fmt::Display for SandboxState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

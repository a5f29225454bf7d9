//! How grading reaches the machines of a sandbox.

use std::{fmt, future::Future};

use slipway_agent::client::AgentClient;

use crate::domain::ids::Slug;

/// The machines of one running sandbox.
pub trait Machines: Sync {
    /// The agent of a machine of the lab; connects when no connection is open.
    fn agent(
        &self,
        machine: &Slug,
    ) -> impl Future<Output = Result<AgentClient, Unreachable>> + Send;

    /// The agent of the grader machine, which stands in the sandbox's network and to which the
    /// learner has no access.
    fn grader(&self) -> impl Future<Output = Result<AgentClient, Unreachable>> + Send;

    /// The name or address under which the grader machine reaches a machine of the lab.
    fn address(&self, machine: &Slug) -> String;

    /// The password of the user `grader` in the sandbox's services.
    fn secret(&self) -> &Secret;
}

/// Why a machine could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The engine answers, and says that the machine is not running although the sandbox should
    /// be: it ran out of memory, or its processes were killed from inside.
    #[error("the machine is not running")]
    Gone,
    /// The engine or the connection failed: our side.
    #[error("{0}")]
    Ours(String),
}

/// A text that is shown to nobody and appears in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

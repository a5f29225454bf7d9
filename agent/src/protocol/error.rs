//! How the agent says no.

use serde::{Deserialize, Serialize};

/// Why the agent refused or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request breaks a rule of the protocol.
    Invalid,
    /// No such file, folder, terminal or listener.
    NotFound,
    /// The file has changed, or the name is taken.
    Conflict,
    /// Beyond a size bound.
    TooLarge,
    /// A path or kind of file that is never served: an escape, a link, a device.
    Refused,
    /// The learner has no right to it.
    Denied,
    /// A limit on terminals or execs is reached.
    Busy,
    /// The other end of a dial could not be reached.
    Unreachable,
    /// The disk is full.
    NoSpace,
    /// Anything else.
    Io,
}

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The kind of failure.
    pub code: ErrorCode,
    /// A short explanation for logs, at most 1 KiB. Never shown to a learner as it is.
    pub message: String,
}

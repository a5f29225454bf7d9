//! What a use case may answer other than success.

use slipway_agent::{client::AgentError, protocol::ErrorCode};

use crate::{
    auth::{password::HashingFailed, token::NoRandomness},
    sandbox::EngineError,
    store::StoreError,
};

/// A request that can't be done as asked. Each has a text in both languages: `refusal-<code>` in
/// the locales says what happened and what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A name that can't be one.
    InvalidUsername,
    /// Somebody has the name.
    UsernameTaken,
    /// A password of too few characters.
    PasswordTooShort,
    /// A password of too many bytes.
    PasswordTooLong,
    /// The name or the password is wrong.
    WrongCredentials,
    /// Too many tries; wait a minute.
    TooManyTries,
    /// The one-time link was used or replaced.
    LinkUsed,
    /// The last administrator must stay one.
    LastAdmin,
    /// The role does not exist.
    UnknownRole,
    /// The lab is not published (any more).
    LabWithdrawn,
    /// The learner has as many sandboxes as one may have.
    TooManySandboxes,
    /// The sandbox is not ready for this.
    SandboxNotReady,
    /// The sandbox has ended.
    SandboxEnded,
    /// All extensions are used.
    NoExtensionLeft,
    /// All hints are open.
    NoHintLeft,
    /// The step is being graded already.
    GradingUnderWay,
    /// The request's key is no key.
    InvalidKey,
    /// No container engine answers.
    EngineDown,
    /// The machine does not answer.
    MachineUnreachable,
    /// The machine is none of the learner's.
    NoSuchMachine,
    /// A path that leads out of the home or is malformed.
    InvalidPath,
    /// There is no such file.
    FileNotFound,
    /// The file changed since it was read.
    FileConflict,
    /// The file is too large for the editor.
    FileTooLarge,
    /// No regular file, or no permission.
    FileRefused,
    /// The disk of the machine is full.
    MachineDiskFull,
    /// The server's disk is full.
    ServerDiskFull,
    /// Too many terminals.
    TooManyTerminals,
    /// The port is none that may be shown.
    NoSuchPort,
}

impl Refusal {
    /// The name in the API and the locales.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidUsername => "invalid-username",
            Self::UsernameTaken => "username-taken",
            Self::PasswordTooShort => "password-too-short",
            Self::PasswordTooLong => "password-too-long",
            Self::WrongCredentials => "wrong-credentials",
            Self::TooManyTries => "too-many-tries",
            Self::LinkUsed => "link-used",
            Self::LastAdmin => "last-admin",
            Self::UnknownRole => "unknown-role",
            Self::LabWithdrawn => "lab-withdrawn",
            Self::TooManySandboxes => "too-many-sandboxes",
            Self::SandboxNotReady => "sandbox-not-ready",
            Self::SandboxEnded => "sandbox-ended",
            Self::NoExtensionLeft => "no-extension-left",
            Self::NoHintLeft => "no-hint-left",
            Self::GradingUnderWay => "grading-under-way",
            Self::InvalidKey => "invalid-key",
            Self::EngineDown => "engine-down",
            Self::MachineUnreachable => "machine-unreachable",
            Self::NoSuchMachine => "no-such-machine",
            Self::InvalidPath => "invalid-path",
            Self::FileNotFound => "file-not-found",
            Self::FileConflict => "file-conflict",
            Self::FileTooLarge => "file-too-large",
            Self::FileRefused => "file-refused",
            Self::MachineDiskFull => "machine-disk-full",
            Self::ServerDiskFull => "server-disk-full",
            Self::TooManyTerminals => "too-many-terminals",
            Self::NoSuchPort => "no-such-port",
        }
    }

    /// Every refusal, for the test that each has its texts.
    pub const ALL: [Self; 29] = [
        Self::InvalidUsername,
        Self::UsernameTaken,
        Self::PasswordTooShort,
        Self::PasswordTooLong,
        Self::WrongCredentials,
        Self::TooManyTries,
        Self::LinkUsed,
        Self::LastAdmin,
        Self::UnknownRole,
        Self::LabWithdrawn,
        Self::TooManySandboxes,
        Self::SandboxNotReady,
        Self::SandboxEnded,
        Self::NoExtensionLeft,
        Self::NoHintLeft,
        Self::GradingUnderWay,
        Self::InvalidKey,
        Self::EngineDown,
        Self::MachineUnreachable,
        Self::NoSuchMachine,
        Self::InvalidPath,
        Self::FileNotFound,
        Self::FileConflict,
        Self::FileTooLarge,
        Self::FileRefused,
        Self::MachineDiskFull,
        Self::ServerDiskFull,
        Self::TooManyTerminals,
        Self::NoSuchPort,
    ];
}

/// Why a use case did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or it is none of the asker's business.
    #[error("not found")]
    NotFound,
    /// It can't be done as asked.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Anything else; our fault.
    #[error("{0}")]
    Internal(String),
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::Refused(Refusal::ServerDiskFull),
            error => Self::Store(error),
        }
    }
}

impl From<EngineError> for ServiceError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::EngineUnreachable(_) | EngineError::EngineTimeout { .. } => {
                Self::Refused(Refusal::EngineDown)
            }
            EngineError::NotRunning(_) => Self::Refused(Refusal::MachineUnreachable),
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<AgentError> for ServiceError {
    fn from(error: AgentError) -> Self {
        let refusal = match error.code() {
            None if matches!(error, AgentError::Invalid(_)) => Refusal::InvalidPath,
            None => Refusal::MachineUnreachable,
            Some(ErrorCode::NotFound) => Refusal::FileNotFound,
            Some(ErrorCode::Conflict) => Refusal::FileConflict,
            Some(ErrorCode::TooLarge) => Refusal::FileTooLarge,
            Some(ErrorCode::Invalid) => Refusal::InvalidPath,
            Some(ErrorCode::NoSpace) => Refusal::MachineDiskFull,
            Some(ErrorCode::Busy) => Refusal::TooManyTerminals,
            Some(_) => Refusal::FileRefused,
        };
        Self::Refused(refusal)
    }
}

impl From<HashingFailed> for ServiceError {
    fn from(error: HashingFailed) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<NoRandomness> for ServiceError {
    fn from(error: NoRandomness) -> Self {
        Self::Internal(error.to_string())
    }
}

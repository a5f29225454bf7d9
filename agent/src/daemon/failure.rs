//! How the agent's parts say no to a request.

use crate::protocol::{ErrorCode, Invalid};
use nix::errno::Errno;
use std::io;

/// A refusal, on its way to becoming an [`crate::protocol::ErrorBody`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        let code = match errno {
            Errno::ENOENT => ErrorCode::NotFound,
            Errno::EEXIST | Errno::ENOTEMPTY => ErrorCode::Conflict,
            Errno::EACCES | Errno::EPERM | Errno::EROFS => ErrorCode::Denied,
            Errno::ENOSPC | Errno::EDQUOT => ErrorCode::NoSpace,
            Errno::EXDEV | Errno::ELOOP | Errno::ENXIO => ErrorCode::Refused,
            Errno::EISDIR | Errno::ENOTDIR | Errno::ENAMETOOLONG => ErrorCode::Invalid,
            Errno::EFBIG => ErrorCode::TooLarge,
            Errno::ECONNREFUSED
            | Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::ETIMEDOUT
            | Errno::EAGAIN => ErrorCode::Unreachable,
            _ => ErrorCode::Io,
        };
        Self::new(code, errno.desc())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno) => Errno::from_raw(errno).into(),
            None => Self::new(ErrorCode::Io, error.to_string()),
        }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::new(ErrorCode::Invalid, invalid.0)
    }
}

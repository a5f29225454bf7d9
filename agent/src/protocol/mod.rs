//! Messages between server and agent.
//!
//! Everything here is data: no sockets, no processes. Each type that crosses the stream has a
//! bound on its size, checked by the receiving side ([`Validate`]), because neither side may be
//! made to hold what the other one feels like sending.

mod activity;
mod config;
mod error;
mod exec;
mod files;
mod frame;
mod names;
mod network;
mod terminal;

pub use activity::{Activity, AgentInfo, LOG_TAIL, ServiceState, ServiceStatus};
pub use config::{AgentConfig, Learner, Limits, SecretEnv};
pub use error::{ErrorBody, ErrorCode};
pub use exec::{
    DEFAULT_OUTPUT, ExecFile, ExecOutcome, ExecRequest, ExecStatus, Leftovers, MAX_FILES_BYTES,
    MAX_OUTPUT, MAX_STDIN, MAX_TIMEOUT, RunAs,
};
pub use files::{
    DirEntry, DirListing, EntryKind, FileChanges, FileContent, FileMeta, FileVersion, MAX_CHANGES,
    MAX_ENTRIES, MAX_FILE, PathRequest, ReadAnyRequest, ReadRequest, RemoveRequest, RenameRequest,
    WriteRequest,
};
pub use frame::{FrameDecoder, FrameError, MAX_FRAME_PAYLOAD, RawFrame, encode_frame};
pub use names::{AbsPath, MAX_PATH, NameError, RelPath, TerminalName};
pub use network::{ACCEPT_WAIT, AcceptRequest, DialTarget, PEER_HEADER, PortList};
pub use terminal::{
    AttachRequest, ExitStatus, FRAME_CHANGES, OpenTerminal, TerminalEvent, TerminalInfo,
    TerminalInput, TerminalList, TerminalState,
};

/// Number of this protocol; both sides must agree. Raised on every incompatible change.
pub const PROTOCOL: u32 = 1;

/// Where the engine puts the agent's binary inside a machine.
pub const AGENT_PATH: &str = "/.slipway/agent";

/// Where the engine puts [`AgentConfig`] as JSON, owned by root, mode 0600.
pub const CONFIG_PATH: &str = "/.slipway/config.json";

/// The agent's run-time folder: a small tmpfs (not `noexec`) that the engine mounts.
pub const RUN_DIR: &str = "/run/slipway";

/// The socket on which the agent answers; reachable for root only.
pub const SOCKET_PATH: &str = "/run/slipway/agent.sock";

/// The image's start script (run as root by the agent), if it has one.
pub const START_SCRIPT: &str = "/etc/slipway/start";

/// Bytes that one HTTP/2 stream may have in flight before its reader takes them.
pub const STREAM_WINDOW: u32 = 128 * 1024;

/// Streams that may be open at once on one connection.
pub const MAX_STREAMS: u32 = 128;

/// Bytes in flight for the whole connection. Room for every stream's full window, so that
/// streams nobody reads can never use up what the others need.
pub const CONNECTION_WINDOW: u32 = STREAM_WINDOW * MAX_STREAMS;

/// Largest HTTP/2 frame. Small enough that a bulk stream never holds the pipe for long.
pub const MAX_HTTP_FRAME: u32 = 32 * 1024;

/// Largest header block: paths travel base64-coded in one header.
pub const MAX_HEADERS: u32 = 24 * 1024;

/// Header that carries a request's arguments (base64url of JSON) where the body is data.
pub const ARGS_HEADER: &str = "slipway-args";

/// Header that carries an answer's description (base64url of JSON) where the body is data.
pub const META_HEADER: &str = "slipway-meta";

/// Largest JSON body, besides those of `exec` and listings.
pub const MAX_JSON: usize = 256 * 1024;

/// Most bytes of a JSON body that describes an exec, its files and its input.
pub const MAX_EXEC_JSON: usize = 18 * 1024 * 1024;

/// Most bytes of a JSON listing or exec answer.
pub const MAX_ANSWER_JSON: usize = 12 * 1024 * 1024;

/// A message whose bounds the receiving side checks before it is used.
pub trait Validate {
    /// Says which rule is broken, if one is.
    fn validate(&self) -> Result<(), Invalid>;
}

/// A message broke one of the protocol's bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

pub(crate) fn ensure(ok: bool, rule: &str) -> Result<(), Invalid> {
    if ok {
        Ok(())
    } else {
        Err(Invalid(rule.to_owned()))
    }
}

/// Bytes as base64 text inside JSON.
pub(crate) mod base64_bytes {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(input)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

//! Dialling from inside a machine, and what listens there.

use super::{AbsPath, Invalid, Validate, ensure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where to connect, seen from inside the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DialTarget {
    /// A TCP port.
    Tcp {
        /// Address, or a name that the machine's hosts file or name server knows.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket, opened with the learner's rights.
    Unix {
        /// Its path.
        path: AbsPath,
        /// Only what the process that listens there writes itself is passed on: the connection
        /// ends at the first byte of anybody else's. The answer's [`PEER_HEADER`] says which
        /// process that is.
        #[serde(default)]
        one_writer: bool,
    },
}

/// The header of a dial's answer with the id of the process that listens on the Unix socket, in
/// the machine's own numbering; with `one_writer` only.
pub const PEER_HEADER: &str = "slipway-peer";

impl DialTarget {
    /// A port of the machine itself.
    pub fn local(port: u16) -> Self {
        Self::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
        }
    }

    /// A Unix socket, whoever answers there.
    pub fn unix(path: AbsPath) -> Self {
        Self::Unix {
            path,
            one_writer: false,
        }
    }
}

impl Validate for DialTarget {
    fn validate(&self) -> Result<(), Invalid> {
        match self {
            Self::Tcp { host, port } => {
                let plain =
                    |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
                let valid = (1..=253).contains(&host.len()) && host.bytes().all(plain);
                ensure(valid, "host: an address or a name")?;
                ensure(*port != 0, "port: not 0")
            }
            // The kernel's bound on a socket's path.
            Self::Unix { path, .. } => {
                ensure(path.as_str().len() <= 107, "path: at most 107 bytes")
            }
        }
    }
}

/// How long the agent waits for somebody to connect before it says that nobody did.
pub const ACCEPT_WAIT: Duration = Duration::from_secs(45);

/// The port of the machine on which the next connection is awaited.
///
/// The agent listens from the first such request on, and goes on for a few seconds after the
/// last: a server that restarts finds those who connected meanwhile still waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// On every address of the machine. Not one of the ports below 1024.
    pub port: u16,
}

impl Validate for AcceptRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.port >= 1024, "port: 1024 or higher")
    }
}

/// TCP ports that something in the machine listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortList {
    /// Ascending, each once.
    pub ports: Vec<u16>,
}

impl Validate for PortList {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(
            self.ports.is_sorted_by(|a, b| a < b),
            "ports: ascending, each once",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_hosts_are_refused() {
        for host in ["", "a b", "a/b", "a\0", "http://x", &"a".repeat(254)] {
            let target = DialTarget::Tcp {
                host: host.to_owned(),
                port: 80,
            };
            assert!(target.validate().is_err(), "{host:?}");
        }
        assert!(DialTarget::local(80).validate().is_ok());
        assert!(DialTarget::local(0).validate().is_err());
    }
}

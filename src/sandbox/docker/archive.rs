//! What goes into a machine before it starts: the agent and its configuration.

use std::{io, path::Path};

use bytes::Bytes;
use slipway_agent::protocol::AgentConfig;

/// Larger than any build of the agent: a wrong path shall not fill our memory.
const MAX_AGENT: u64 = 64 << 20;

/// The agent's program, read once.
#[derive(Debug, Clone)]
pub(super) struct AgentProgram(Bytes);

impl AgentProgram {
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let size = std::fs::metadata(path)?.len();
        if size > MAX_AGENT {
            return Err(io::Error::other("this is too large to be the agent"));
        }
        let program = std::fs::read(path)?;
        if !program.starts_with(b"\x7fELF") {
            return Err(io::Error::other("this is not a program for Linux"));
        }
        Ok(Self(program.into()))
    }

    /// The agent's folder as a tar archive. Everything in it belongs to root; the configuration,
    /// which may hold secrets of the machine's service, is for root's eyes alone.
    pub(super) fn archive(&self, config: &AgentConfig) -> io::Result<Bytes> {
        let config = serde_json::to_vec(config)?;
        let mut tar = tar::Builder::new(Vec::with_capacity(self.0.len() + 8192));
        append(&mut tar, "agent", 0o755, &self.0)?;
        append(&mut tar, "config.json", 0o600, &config)?;
        Ok(tar.into_inner()?.into())
    }
}

fn append(
    tar: &mut tar::Builder<Vec<u8>>,
    name: &str,
    mode: u32,
    content: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    tar.append_data(&mut header, name, content)
}

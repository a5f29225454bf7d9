//! What goes into a machine before it starts: the agent and its configuration.

use std::{io, path::Path};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
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
        if needs_interpreter(&program) {
            return Err(io::Error::other(
                "this program is not static and would not run in every image; `make build` makes one that is",
            ));
        }
        Ok(Self(program.into()))
    }

    /// Names this build of the agent, among all there are.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
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

/// Whether a 64-bit little-endian ELF file names a dynamic linker (a program header of the type
/// `PT_INTERP`, elf(5)). What can't be read so is left to the kernel.
fn needs_interpreter(elf: &[u8]) -> bool {
    const PT_INTERP: u32 = 3;
    let number = |at: usize, bytes: usize| {
        let field = elf.get(at..at.checked_add(bytes)?)?;
        Some(
            field
                .iter()
                .rev()
                .fold(0_u64, |n, b| n << 8 | u64::from(*b)),
        )
    };
    let is_64_bit_little_endian = elf.get(4..6) == Some(&[2, 1]);
    let headers = || {
        let (start, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        Some((0..count).any(|i| {
            usize::try_from(start.saturating_add(i * size))
                .ok()
                .and_then(|at| number(at, 4))
                .is_some_and(|kind| kind == u64::from(PT_INTERP))
        }))
    };
    is_64_bit_little_endian && headers().unwrap_or(false)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_needs_a_dynamic_linker_is_no_agent() {
        // A header that says: 64 bit, little endian, one program header of 56 bytes at 64.
        let elf = |kind: u8| {
            let mut elf = vec![0; 120];
            elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
            (elf[32], elf[54], elf[56], elf[64]) = (64, 56, 1, kind);
            elf
        };
        assert!(needs_interpreter(&elf(3)));
        assert!(!needs_interpreter(&elf(1)));
        assert!(!needs_interpreter(b"\x7fELF"));
        assert!(!needs_interpreter(
            &[b"\x7fELF\x02\x01".as_slice(), &[0xff; 80]].concat()
        ));
    }
}

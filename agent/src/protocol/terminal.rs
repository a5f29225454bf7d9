//! Terminals: opening, listing, and the frames of an attached viewer.

use super::{FrameError, Invalid, RawFrame, TerminalName, Validate, encode_frame, ensure};
use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

const INPUT: u8 = 1;
const RESIZE: u8 = 2;
const ACK: u8 = 3;
const DATA: u8 = 0x81;
const SKIPPED: u8 = 0x82;
const EXIT: u8 = 0x83;
/// Frame type of file-change events (JSON payload).
pub const FRAME_CHANGES: u8 = 0x91;

/// Smallest and largest number of columns and rows that are passed on.
const SIZE: std::ops::RangeInclusive<u16> = 1..=2000;

/// Opens a terminal, or finds the one that runs under this name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTerminal {
    /// Its name; one running shell per name.
    pub name: TerminalName,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// What to run in place of the learner's login shell.
    #[serde(default)]
    pub argv: Option<Vec<String>>,
}

impl Validate for OpenTerminal {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(
            SIZE.contains(&self.cols) && SIZE.contains(&self.rows),
            "size: 1 to 2000",
        )?;
        if let Some(argv) = &self.argv {
            let bytes: usize = argv.iter().map(|a| a.len() + 1).sum();
            let valid = (1..=64).contains(&argv.len())
                && bytes <= 64 * 1024
                && !argv[0].is_empty()
                && argv.iter().all(|a| !a.contains('\0'));
            ensure(valid, "argv: 1 to 64 arguments, 64 KiB, no NUL")?;
        }
        Ok(())
    }
}

/// How the process of a terminal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum ExitStatus {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Whether a terminal's shell runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalState {
    /// The shell runs.
    Running,
    /// The shell has ended; the scrollback can still be read.
    Exited(ExitStatus),
}

/// A terminal as the agent sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalInfo {
    /// Its name.
    pub name: TerminalName,
    /// Whether its shell runs.
    pub state: TerminalState,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// Offset of the oldest byte that can still be replayed.
    pub start: u64,
    /// Offset after the newest byte; counted from the first shell of this name.
    pub end: u64,
    /// Viewers attached now.
    pub viewers: u32,
    /// How many shells have been started under this name.
    pub generation: u32,
}

/// All terminals of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalList {
    /// In order of name.
    pub terminals: Vec<TerminalInfo>,
}

impl Validate for TerminalList {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.terminals.len() <= 64, "at most 64 terminals")
    }
}

impl Validate for TerminalInfo {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.start <= self.end, "start is not beyond end")
    }
}

/// Asks to watch a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachRequest {
    /// Which terminal.
    pub name: TerminalName,
    /// The offset up to which this viewer already has the output; `None` replays all there is.
    pub from: Option<u64>,
}

/// What a viewer sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalInput {
    /// Bytes for the terminal's input.
    Input(Bytes),
    /// The viewer's new size.
    Resize {
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// The viewer has consumed everything before this offset.
    Ack(u64),
}

impl TerminalInput {
    /// The frame that carries this message.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Input(bytes) => encode_frame(INPUT, &[bytes]),
            Self::Resize { cols, rows } => {
                encode_frame(RESIZE, &[&cols.to_be_bytes(), &rows.to_be_bytes()])
            }
            Self::Ack(offset) => encode_frame(ACK, &[&offset.to_be_bytes()]),
        }
    }

    /// Reads a frame; sizes out of range are refused.
    pub fn decode(frame: RawFrame) -> Result<Self, FrameError> {
        let RawFrame { kind, mut payload } = frame;
        match (kind, payload.len()) {
            (INPUT, _) => Ok(Self::Input(payload)),
            (RESIZE, 4) => {
                let (cols, rows) = (payload.get_u16(), payload.get_u16());
                if SIZE.contains(&cols) && SIZE.contains(&rows) {
                    Ok(Self::Resize { cols, rows })
                } else {
                    Err(FrameError::Malformed(kind))
                }
            }
            (ACK, 8) => Ok(Self::Ack(payload.get_u64())),
            (RESIZE | ACK, _) => Err(FrameError::Malformed(kind)),
            _ => Err(FrameError::UnknownKind(kind)),
        }
    }
}

/// What a viewer receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEvent {
    /// Output. Any bytes: the agent does not interpret them.
    Data {
        /// Absolute offset of the first byte.
        offset: u64,
        /// The bytes; never empty.
        bytes: Bytes,
    },
    /// Output before this offset is gone (or the viewer's offset was from another life of the
    /// machine); the next data starts here. The viewer clears its screen.
    Skipped {
        /// Where the output goes on.
        to: u64,
    },
    /// The shell has ended; nothing follows.
    Exit(ExitStatus),
}

impl TerminalEvent {
    /// The frame that carries this message.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Data { offset, bytes } => encode_frame(DATA, &[&offset.to_be_bytes(), bytes]),
            Self::Skipped { to } => encode_frame(SKIPPED, &[&to.to_be_bytes()]),
            Self::Exit(status) => {
                let (tag, value) = match status {
                    ExitStatus::Code(code) => (0u8, code),
                    ExitStatus::Signal(signal) => (1u8, signal),
                };
                encode_frame(EXIT, &[&[tag], &value.to_be_bytes()])
            }
        }
    }

    /// Reads a frame.
    pub fn decode(frame: RawFrame) -> Result<Self, FrameError> {
        let RawFrame { kind, mut payload } = frame;
        match (kind, payload.len()) {
            (DATA, 9..) => {
                let offset = payload.get_u64();
                Ok(Self::Data {
                    offset,
                    bytes: payload,
                })
            }
            (SKIPPED, 8) => Ok(Self::Skipped {
                to: payload.get_u64(),
            }),
            (EXIT, 5) => match (payload.get_u8(), payload.get_i32()) {
                (0, code) => Ok(Self::Exit(ExitStatus::Code(code))),
                (1, signal) => Ok(Self::Exit(ExitStatus::Signal(signal))),
                _ => Err(FrameError::Malformed(kind)),
            },
            (DATA | SKIPPED | EXIT, _) => Err(FrameError::Malformed(kind)),
            _ => Err(FrameError::UnknownKind(kind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::FrameDecoder;
    use proptest::prelude::*;

    fn raw(bytes: &[u8]) -> RawFrame {
        let mut decoder = FrameDecoder::default();
        decoder.push(bytes);
        decoder.next_frame().unwrap().unwrap()
    }

    proptest! {
        #[test]
        fn input_survives_the_trip(bytes in prop::collection::vec(any::<u8>(), 0..2000), ack: u64, cols in 1u16..=2000) {
            for message in [
                TerminalInput::Input(bytes.clone().into()),
                TerminalInput::Ack(ack),
                TerminalInput::Resize { cols, rows: 24 },
            ] {
                prop_assert_eq!(TerminalInput::decode(raw(&message.encode())), Ok(message));
            }
        }

        #[test]
        fn events_survive_the_trip(bytes in prop::collection::vec(any::<u8>(), 1..2000), offset: u64, code: i32) {
            for event in [
                TerminalEvent::Data { offset, bytes: bytes.clone().into() },
                TerminalEvent::Skipped { to: offset },
                TerminalEvent::Exit(ExitStatus::Code(code)),
                TerminalEvent::Exit(ExitStatus::Signal(code)),
            ] {
                prop_assert_eq!(TerminalEvent::decode(raw(&event.encode())), Ok(event));
            }
        }

        #[test]
        fn any_frame_decodes_or_is_refused(kind: u8, payload in prop::collection::vec(any::<u8>(), 0..20)) {
            let frame = RawFrame { kind, payload: payload.into() };
            let _ = TerminalInput::decode(frame.clone());
            let _ = TerminalEvent::decode(frame);
        }
    }

    #[test]
    fn a_size_of_zero_is_refused() {
        let frame = RawFrame {
            kind: RESIZE,
            payload: Bytes::from_static(&[0, 0, 0, 24]),
        };
        assert_eq!(
            TerminalInput::decode(frame),
            Err(FrameError::Malformed(RESIZE))
        );
    }
}

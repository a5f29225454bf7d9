//! Messages of a terminal's WebSocket. The first byte is the type; integers are big-endian.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use slipway_agent::protocol::{ExitStatus, TerminalEvent};

/// Largest message a browser may send, in bytes.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;
/// Largest terminal, in columns and rows; as the agent has it.
const SIZE: std::ops::RangeInclusive<u16> = 1..=2000;

/// What a browser says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FromBrowser {
    /// Typed bytes.
    Input(Bytes),
    /// The terminal's new size.
    Resize {
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// Everything before this offset was shown.
    Ack(u64),
}

/// The message is none that is known, or too long or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed message of type {0:?}")]
pub(super) struct Malformed(Option<u8>);

impl FromBrowser {
    /// Reads a message.
    pub(super) fn decode(mut message: Bytes) -> Result<Self, Malformed> {
        let kind = message.first().copied();
        if kind.is_some() {
            message.advance(1);
        }
        match (kind, message.len()) {
            (Some(1), _) => Ok(Self::Input(message)),
            (Some(2), 4) => {
                let (cols, rows) = (message.get_u16(), message.get_u16());
                if SIZE.contains(&cols) && SIZE.contains(&rows) {
                    Ok(Self::Resize { cols, rows })
                } else {
                    Err(Malformed(kind))
                }
            }
            (Some(3), 8) => Ok(Self::Ack(message.get_u64())),
            _ => Err(Malformed(kind)),
        }
    }
}

/// Where output ends now; the first message.
pub(super) fn hello(end: u64) -> Bytes {
    message(4, &end.to_be_bytes(), &[])
}

/// What a terminal did.
pub(super) fn encode(event: &TerminalEvent) -> Bytes {
    match event {
        TerminalEvent::Data { offset, bytes } => message(1, &offset.to_be_bytes(), bytes),
        TerminalEvent::Skipped { to } => message(2, &to.to_be_bytes(), &[]),
        TerminalEvent::Exit(status) => {
            let status = match status {
                ExitStatus::Code(code) => *code,
                // As shells report it.
                ExitStatus::Signal(signal) => signal.saturating_add(128),
            };
            message(3, &status.to_be_bytes(), &[])
        }
    }
}

fn message(kind: u8, head: &[u8], rest: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(1 + head.len() + rest.len());
    message.put_u8(kind);
    message.put_slice(head);
    message.put_slice(rest);
    message.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_as_agreed_with_the_browser() {
        let decode = |bytes: &'static [u8]| FromBrowser::decode(Bytes::from_static(bytes));
        assert_eq!(
            decode(b"\x01ls\n"),
            Ok(FromBrowser::Input(Bytes::from_static(b"ls\n")))
        );
        assert_eq!(
            decode(b"\x02\0\x50\0\x18"),
            Ok(FromBrowser::Resize { cols: 80, rows: 24 })
        );
        assert_eq!(decode(b"\x03\0\0\0\0\0\0\x01\0"), Ok(FromBrowser::Ack(256)));
        for bad in [
            &b""[..],
            b"\x00",
            b"\x04",
            b"\xff1",
            b"\x02\0\x50",
            b"\x02\0\0\0\x18",
            b"\x03\0",
        ] {
            assert!(
                FromBrowser::decode(Bytes::copy_from_slice(bad)).is_err(),
                "{bad:?}"
            );
        }
        assert_eq!(&hello(258)[..], b"\x04\0\0\0\0\0\0\x01\x02");
        let data = TerminalEvent::Data {
            offset: 1,
            bytes: Bytes::from_static(b"\xffx"),
        };
        assert_eq!(&encode(&data)[..], b"\x01\0\0\0\0\0\0\0\x01\xffx");
        assert_eq!(
            &encode(&TerminalEvent::Skipped { to: 2 })[..],
            b"\x02\0\0\0\0\0\0\0\x02"
        );
        assert_eq!(
            &encode(&TerminalEvent::Exit(ExitStatus::Signal(9)))[..],
            b"\x03\0\0\0\x89"
        );
    }

    proptest! {
        #[test]
        fn whatever_a_browser_sends_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = FromBrowser::decode(bytes.into());
        }
    }
}

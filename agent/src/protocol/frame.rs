//! Frames on a streamed body: one type byte, four bytes of length (big-endian), the payload.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Largest payload of one frame.
pub const MAX_FRAME_PAYLOAD: usize = 64 * 1024;
const HEADER: usize = 5;

/// One frame whose payload has not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFrame {
    /// The type byte.
    pub kind: u8,
    /// At most [`MAX_FRAME_PAYLOAD`] bytes.
    pub payload: Bytes,
}

/// A stream that does not follow the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A length beyond the bound.
    #[error("a frame of {0} bytes is too long")]
    TooLong(usize),
    /// A type byte nobody knows.
    #[error("unknown frame type {0}")]
    UnknownKind(u8),
    /// A payload that does not fit its type.
    #[error("malformed payload in frame type {0}")]
    Malformed(u8),
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Cut,
}

/// Puts header and payload together. Payloads beyond the bound are the caller's mistake and are
/// cut, so that the stream stays readable.
pub fn encode_frame(kind: u8, payload: &[&[u8]]) -> Bytes {
    let total: usize = payload.iter().map(|part| part.len()).sum();
    let mut left = total.min(MAX_FRAME_PAYLOAD);
    debug_assert_eq!(left, total);
    let mut out = BytesMut::with_capacity(HEADER + left);
    out.put_u8(kind);
    // `left` is at most 64 KiB.
    out.put_u32(u32::try_from(left).unwrap_or(0));
    for part in payload {
        let take = part.len().min(left);
        out.put_slice(&part[..take]);
        left -= take;
    }
    out.freeze()
}

/// Cuts a byte stream into frames, however the bytes were split on their way.
///
/// Holds at most one incomplete frame and what was pushed last.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: BytesMut,
}

impl FrameDecoder {
    /// Adds bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; `None` when more bytes are needed.
    pub fn next_frame(&mut self) -> Result<Option<RawFrame>, FrameError> {
        if self.buffer.len() < HEADER {
            return Ok(None);
        }
        let mut header = &self.buffer[..HEADER];
        let kind = header.get_u8();
        let length = header.get_u32() as usize;
        if length > MAX_FRAME_PAYLOAD {
            return Err(FrameError::TooLong(length));
        }
        if self.buffer.len() < HEADER + length {
            return Ok(None);
        }
        self.buffer.advance(HEADER);
        Ok(Some(RawFrame {
            kind,
            payload: self.buffer.split_to(length).freeze(),
        }))
    }

    /// Says whether the stream may end here.
    pub fn finish(&self) -> Result<(), FrameError> {
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(FrameError::Cut)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_lengths_are_refused_before_anything_is_held() {
        let mut decoder = FrameDecoder::default();
        decoder.push(&[1, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(decoder.next_frame(), Err(FrameError::TooLong(0xffff_ffff)));
    }

    #[test]
    fn a_stream_that_ends_inside_a_frame_is_noticed() {
        let mut decoder = FrameDecoder::default();
        decoder.push(&encode_frame(1, &[b"abc"])[..6]);
        assert_eq!(decoder.next_frame(), Ok(None));
        assert_eq!(decoder.finish(), Err(FrameError::Cut));
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_decodes_the_same(
            frames in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)), 0..8),
            cuts in prop::collection::vec(1usize..40, 1..200),
        ) {
            let stream: Vec<u8> =
                frames.iter().flat_map(|(kind, body)| encode_frame(*kind, &[body])).collect();
            let mut decoder = FrameDecoder::default();
            let mut seen = Vec::new();
            let mut rest = stream.as_slice();
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let take = cuts.next().unwrap().min(rest.len());
                decoder.push(&rest[..take]);
                rest = &rest[take..];
                while let Some(frame) = decoder.next_frame().unwrap() {
                    seen.push((frame.kind, frame.payload.to_vec()));
                }
            }
            prop_assert_eq!(decoder.finish(), Ok(()));
            prop_assert_eq!(seen, frames);
        }

        #[test]
        fn noise_never_makes_the_decoder_panic_or_hoard(noise in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut decoder = FrameDecoder::default();
            for chunk in noise.chunks(97) {
                decoder.push(chunk);
                while let Ok(Some(frame)) = decoder.next_frame() {
                    prop_assert!(frame.payload.len() <= MAX_FRAME_PAYLOAD);
                }
            }
            prop_assert!(decoder.buffer.len() <= noise.len());
        }
    }
}

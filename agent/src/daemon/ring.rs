//! A terminal's scrollback: the newest bytes, addressed by absolute offsets.

use bytes::Bytes;
use std::collections::VecDeque;

/// How far the search for the start of a line goes.
const LINE_SEARCH: usize = 4096;

#[derive(Debug, Clone)]
pub(super) struct Ring {
    bytes: VecDeque<u8>,
    limit: usize,
    /// Offset after the newest byte.
    end: u64,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            limit,
            end: 0,
        }
    }

    /// Offset of the oldest byte held.
    pub(super) fn start(&self) -> u64 {
        // usize fits u64 on every platform this runs on; never longer than `end`.
        self.end - self.bytes.len() as u64
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        self.end += data.len() as u64;
        let data = &data[data.len().saturating_sub(self.limit)..];
        let over = (self.bytes.len() + data.len()).saturating_sub(self.limit);
        self.bytes.drain(..over);
        self.bytes.extend(data);
    }

    /// Where a replay begins for a viewer that has everything before `from`: there, if it is
    /// still held; else at the oldest whole line, or at least a whole character.
    pub(super) fn replay_from(&self, from: Option<u64>) -> u64 {
        match from {
            Some(from) if (self.start()..=self.end).contains(&from) => from,
            _ => self.clean_start(),
        }
    }

    fn clean_start(&self) -> u64 {
        if self.start() == 0 {
            return 0;
        }
        let head = || self.bytes.iter().take(LINE_SEARCH);
        let skip = match head().position(|b| *b == b'\n') {
            Some(newline) => newline + 1,
            // Bytes 10xxxxxx continue a character; at most three of them can.
            None => head().take(3).take_while(|b| **b & 0xc0 == 0x80).count(),
        };
        self.start() + skip as u64
    }

    /// At most `limit` bytes from `offset` on; empty when there are none.
    pub(super) fn read(&self, offset: u64, limit: usize) -> Bytes {
        let Some(skip) = offset
            .checked_sub(self.start())
            .and_then(|n| usize::try_from(n).ok())
        else {
            return Bytes::new();
        };
        let take = self.bytes.len().saturating_sub(skip).min(limit);
        if take == 0 {
            return Bytes::new();
        }
        let mut out = Vec::with_capacity(take);
        let (front, back) = self.bytes.as_slices();
        let front = front.get(skip..).unwrap_or_default();
        out.extend_from_slice(&front[..front.len().min(take)]);
        let left = take - out.len();
        let skip_back = skip.saturating_sub(self.bytes.as_slices().0.len());
        out.extend_from_slice(&back[skip_back..][..left]);
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_ring_holds_exactly_the_newest_bytes(
            pushes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..40),
            limit in 1usize..100,
            at in 0usize..100,
            take in 0usize..100,
        ) {
            let mut ring = Ring::new(limit);
            let mut all = Vec::new();
            for push in &pushes {
                ring.push(push);
                all.extend_from_slice(push);
            }
            prop_assert_eq!(ring.end(), all.len() as u64);
            let start = usize::try_from(ring.start()).unwrap();
            prop_assert_eq!(start, all.len().saturating_sub(limit));
            let offset = start + at;
            let want = all.get(offset..).unwrap_or_default();
            let want = &want[..want.len().min(take)];
            prop_assert_eq!(&ring.read(offset as u64, take)[..], want);
        }

        #[test]
        fn a_replay_never_starts_outside_what_is_held(
            data in prop::collection::vec(any::<u8>(), 0..300), limit in 1usize..100, from: Option<u64>,
        ) {
            let mut ring = Ring::new(limit);
            ring.push(&data);
            let start = ring.replay_from(from);
            prop_assert!((ring.start()..=ring.end()).contains(&start));
        }
    }

    #[test]
    fn a_replay_after_loss_starts_at_a_line() {
        let mut ring = Ring::new(10);
        ring.push(b"first line\nsecond");
        assert_eq!(ring.replay_from(None), 11);
        assert_eq!(&ring.read(11, 99)[..], b"second");
        assert_eq!(ring.replay_from(Some(3)), 11);
        assert_eq!(ring.replay_from(Some(12)), 12);
        assert_eq!(ring.replay_from(Some(u64::MAX)), 11);
    }

    #[test]
    fn a_replay_after_loss_starts_at_a_character() {
        let mut ring = Ring::new(4);
        ring.push("世界".as_bytes());
        assert_eq!(&ring.read(ring.replay_from(None), 99)[..], "界".as_bytes());
    }
}

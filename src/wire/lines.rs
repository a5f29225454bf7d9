//! Lines of a stream without end.

/// Cuts pieces into lines. A line longer than the bound is left out and told of.
#[derive(Debug)]
pub struct Lines {
    kept: Vec<u8>,
    most: usize,
    skipping: bool,
}

/// A line, or that one was too long to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Its bytes, without the end.
    Whole(Vec<u8>),
    /// It was longer than the bound.
    TooLong,
}

impl Lines {
    /// Keeps lines of at most `most` bytes.
    pub const fn new(most: usize) -> Self {
        Self {
            kept: Vec::new(),
            most,
            skipping: false,
        }
    }

    /// The lines that end in this piece.
    pub fn take(&mut self, piece: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            self.keep(line);
            lines.push(if self.skipping {
                Line::TooLong
            } else {
                Line::Whole(std::mem::take(&mut self.kept))
            });
            self.kept.clear();
            self.skipping = false;
        }
        self.keep(rest);
        lines
    }

    fn keep(&mut self, part: &[u8]) {
        if self.skipping || self.kept.len() + part.len() > self.most {
            self.skipping = true;
            self.kept = Vec::new();
        } else {
            self.kept.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[test]
    fn a_line_may_come_in_many_pieces() {
        let mut lines = Lines::new(16);
        assert_eq!(lines.take(b"on"), []);
        assert_eq!(lines.take(b"e\ntwo\nthr"), [whole("one"), whole("two")]);
        assert_eq!(lines.take(b"ee\n"), [whole("three")]);
    }

    #[test]
    fn a_line_that_is_too_long_does_not_hurt_the_next() {
        let mut lines = Lines::new(4);
        assert_eq!(lines.take(b"12345"), []);
        assert_eq!(lines.take(b"6789\n1234\n"), [Line::TooLong, whole("1234")]);
    }

    proptest! {
        #[test]
        fn cutting_elsewhere_changes_nothing(text in "[a-c\n]{0,60}", cuts in prop::collection::vec(0_usize..60, 0..6)) {
            let bytes = text.as_bytes();
            let at_once = Lines::new(8).take(bytes);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut lines = Lines::new(8);
            let mut piecewise = Vec::new();
            for pair in cuts.windows(2) {
                piecewise.extend(lines.take(&bytes[pair[0]..pair[1]]));
            }
            prop_assert_eq!(at_once, piecewise);
        }
    }
}

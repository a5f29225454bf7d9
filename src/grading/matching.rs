//! Whether a text is as asked.

use regex::RegexBuilder;

use crate::domain::check::TextMatch;

use super::nonce::fill;

/// Most memory a compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 20;

/// A pattern that does not compile, or only to something enormous.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{pattern}` is not valid: {reason}")]
pub struct InvalidPattern {
    /// As written.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Which condition does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// `equals`
    Equals,
    /// `contains`
    Contains,
    /// `excludes`
    Excludes,
    /// `matches`
    Matches,
    /// The text was cut off, so that `equals` or `excludes` can't be seen to hold.
    CutOff,
}

impl Mismatch {
    /// The condition's name, after that of the text: `body.contains`.
    pub(super) fn of(self, text: &str) -> String {
        match self {
            Self::Equals => format!("{text}.equals"),
            Self::Contains => format!("{text}.contains"),
            Self::Excludes => format!("{text}.excludes"),
            Self::Matches => format!("{text}.matches"),
            Self::CutOff => text.to_owned(),
        }
    }
}

/// A text out of a machine, already bounded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The bytes; whatever is not UTF-8 in them matches nothing.
    pub(super) bytes: &'a [u8],
    /// There was more.
    pub(super) truncated: bool,
}

/// Says whether a pattern can be used; for linting a lab.
pub fn check_pattern(pattern: &str) -> Result<(), InvalidPattern> {
    compile(pattern).map(|_| ())
}

pub(super) fn compile(pattern: &str) -> Result<regex::Regex, InvalidPattern> {
    RegexBuilder::new(pattern)
        .multi_line(true)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .build()
        .map_err(|error| InvalidPattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })
}

/// The first condition that does not hold; `nonce` replaces its placeholder in what is wanted.
///
/// `contains` and `matches` look at what was kept of a text that was cut off; `equals` and
/// `excludes` speak of the whole and so fail.
pub(super) fn judge(
    wanted: &TextMatch,
    seen: Seen<'_>,
    nonce: &str,
) -> Result<Option<Mismatch>, InvalidPattern> {
    let TextMatch {
        equals,
        contains,
        excludes,
        matches,
    } = wanted;
    let text = String::from_utf8_lossy(seen.bytes);
    if let Some(equals) = equals {
        if seen.truncated {
            return Ok(Some(Mismatch::CutOff));
        }
        if text.trim() != fill(equals, nonce).trim() {
            return Ok(Some(Mismatch::Equals));
        }
    }
    if let Some(contains) = contains
        && !text.contains(&fill(contains, nonce))
    {
        return Ok(Some(Mismatch::Contains));
    }
    if let Some(excludes) = excludes {
        if text.contains(&fill(excludes, nonce)) {
            return Ok(Some(Mismatch::Excludes));
        }
        if seen.truncated {
            return Ok(Some(Mismatch::CutOff));
        }
    }
    if let Some(matches) = matches
        && !compile(&fill(matches, nonce))?.is_match(&text)
    {
        return Ok(Some(Mismatch::Matches));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(f: impl FnOnce(&mut TextMatch)) -> TextMatch {
        let mut wanted = TextMatch::default();
        f(&mut wanted);
        wanted
    }

    fn whole(bytes: &[u8]) -> Seen<'_> {
        Seen {
            bytes,
            truncated: false,
        }
    }

    #[test]
    fn every_condition_must_hold() {
        let wanted = wanted(|w| {
            w.contains = Some("ok".into());
            w.excludes = Some("error".into());
            w.matches = Some("^status: \\w+$".into());
        });
        let judged = |bytes| judge(&wanted, whole(bytes), "").unwrap();
        assert_eq!(judged(b"x\nstatus: ok\n"), None);
        assert_eq!(judged(b"status: fine"), Some(Mismatch::Contains));
        assert_eq!(judged(b"status: ok error"), Some(Mismatch::Excludes));
        assert_eq!(judged(b"ok"), Some(Mismatch::Matches));
        assert_eq!(judged(b""), Some(Mismatch::Contains));
    }

    #[test]
    fn white_space_at_the_ends_does_not_count_for_equality() {
        let wanted = wanted(|w| w.equals = Some("hello\n".into()));
        assert_eq!(judge(&wanted, whole(b"\thello\r\n"), "").unwrap(), None);
        assert_eq!(
            judge(&wanted, whole(b"hello there"), "").unwrap(),
            Some(Mismatch::Equals)
        );
    }

    #[test]
    fn a_text_that_was_cut_off_proves_neither_equality_nor_absence() {
        let cut = Seen {
            bytes: b"hello",
            truncated: true,
        };
        for wanted in [
            wanted(|w| w.equals = Some("hello".into())),
            wanted(|w| w.excludes = Some("secret".into())),
        ] {
            assert_eq!(judge(&wanted, cut, "").unwrap(), Some(Mismatch::CutOff));
        }
        let contains = wanted(|w| w.contains = Some("hell".into()));
        assert_eq!(judge(&contains, cut, "").unwrap(), None);
    }

    #[test]
    fn the_random_word_is_expected_where_it_was_asked_for() {
        let wanted = wanted(|w| {
            w.contains = Some("hi {{nonce}}".into());
            w.matches = Some("^hi {{nonce}}$".into());
        });
        assert_eq!(judge(&wanted, whole(b"hi k7"), "k7").unwrap(), None);
        assert_eq!(
            judge(&wanted, whole(b"hi {{nonce}}"), "k7").unwrap(),
            Some(Mismatch::Contains)
        );
    }

    #[test]
    fn invalid_utf_8_matches_nothing_but_what_is_text_around_it() {
        let equals = wanted(|w| w.equals = Some("ok".into()));
        assert_eq!(
            judge(&equals, whole(b"ok\xff"), "").unwrap(),
            Some(Mismatch::Equals)
        );
        let contains = wanted(|w| w.contains = Some("ok".into()));
        assert_eq!(judge(&contains, whole(b"\xff ok \xc3"), "").unwrap(), None);
    }

    #[test]
    fn patterns_that_are_wrong_or_enormous_are_refused() {
        assert!(check_pattern("^a+$").is_ok());
        for bad in ["(", "a{1000}{1000}{1000}", "\\p{nonsense}"] {
            assert!(check_pattern(bad).is_err(), "{bad}");
        }
    }
}

//! What was observed, as plain text that is safe to show to an instructor.

use std::fmt::{Display, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::machines::Secret;

/// Most bytes of the evidence of one check.
pub const MAX_EVIDENCE: usize = 8 * 1024;

/// Most bytes shown of one output, file or body, after escaping.
const MAX_BLOCK: usize = 2 * 1024;
/// Most bytes of one line's value, before escaping.
const MAX_VALUE: usize = 512;
const CUT: &str = "\n[cut off]";

/// Collects observations line by line. Whatever comes out of a machine is escaped, shortened and
/// set apart by a bar, so that it can't pass for a line of ours.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    text: String,
    hide: Vec<String>,
}

impl Evidence {
    pub(super) fn new(secret: &Secret) -> Self {
        let secret = secret.expose();
        let hide = if secret.is_empty() {
            Vec::new()
        } else {
            let basic = STANDARD.encode(format!("grader:{secret}"));
            vec![secret.to_owned(), basic]
        };
        Self {
            text: String::new(),
            hide,
        }
    }

    /// Nothing yet, to be appended or thrown away; it hides the same.
    pub(super) fn empty(&self) -> Self {
        Self {
            text: String::new(),
            hide: self.hide.clone(),
        }
    }

    /// One line: what, and its value.
    pub(super) fn line(&mut self, label: &str, value: impl Display) -> &mut Self {
        let value = self.redact(&value.to_string());
        let value = shorten(&value, MAX_VALUE);
        // A value has one line, whatever it holds.
        let value = escape(value).replace('\n', "\\n");
        let _ = writeln!(self.text, "{label}: {value}");
        self
    }

    /// Bytes of a file, an output or a body, each line behind a bar.
    pub(super) fn block(&mut self, label: &str, bytes: &[u8], truncated: bool) -> &mut Self {
        let more = if truncated { " or more" } else { "" };
        let _ = writeln!(self.text, "{label}: {} bytes{more}", bytes.len());
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
        // Before shortening, so that a secret across the cut is found. `bytes` is bounded.
        let text = escape(&self.redact(&text));
        let kept = shorten(&text, MAX_BLOCK);
        for line in kept.split_terminator('\n') {
            let _ = writeln!(self.text, "  | {line}");
        }
        if kept.len() < text.len() {
            self.text.push_str("  | [cut off]\n");
        }
        self
    }

    /// Adds the observations of a later look.
    pub(super) fn append(&mut self, heading: &str, later: &Self) {
        let _ = write!(self.text, "{heading}\n{}", later.text);
    }

    fn redact(&self, text: &str) -> String {
        self.hide
            .iter()
            .fold(text.to_owned(), |text, hide| text.replace(hide, "[secret]"))
    }

    /// The text, at most [`MAX_EVIDENCE`] bytes.
    pub(super) fn finish(self) -> String {
        let text = self.text;
        let text = text.trim_end_matches('\n');
        if text.len() <= MAX_EVIDENCE {
            return text.to_owned();
        }
        let mut text = shorten(text, MAX_EVIDENCE - CUT.len()).to_owned();
        text.push_str(CUT);
        text
    }
}

/// The longest beginning of at most `most` bytes that ends between characters.
fn shorten(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `text` without characters that move the cursor, colour, reorder or hide: control characters
/// but the line feed, bidirectional and other invisible format characters are written as
/// `\u{202e}`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Control (Cc), format (Cf), line and paragraph separators, variation selectors, tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(text: &str) -> bool {
        text.chars().all(|c| c == '\n' || !is_hidden(c))
    }

    #[test]
    fn terminal_sequences_and_bidirectional_marks_are_spelled_out() {
        assert_eq!(
            escape("\u{1b}[2Jabc\u{202e}def\0\r\n\u{9b}中文"),
            "\\u{1b}[2Jabc\\u{202e}def\\u{0}\\r\n\\u{9b}中文"
        );
    }

    #[test]
    fn output_can_not_pass_for_a_line_of_ours() {
        let mut evidence = Evidence::new(&Secret::new(""));
        evidence.line("exit", "1\nexit: 0");
        evidence.block("stdout", b"x\nexit: 0\n", false);
        assert_eq!(
            evidence.finish(),
            "exit: 1\\nexit: 0\nstdout: 10 bytes\n  | x\n  | exit: 0"
        );
    }

    #[test]
    fn the_secret_never_shows_not_even_across_a_cut() {
        let secret = Secret::new("0123456789abcdef");
        for pad in 0..40 {
            let mut evidence = Evidence::new(&secret);
            let mut bytes = vec![b'.'; MAX_BLOCK - 20 + pad];
            bytes.extend_from_slice(b"0123456789abcdef and more");
            evidence.block("body", &bytes, false);
            evidence.line("header", STANDARD.encode("grader:0123456789abcdef"));
            let text = evidence.finish();
            assert!(!text.contains("01234"), "{pad}: {text}");
            assert!(text.contains("header: [secret]"));
        }
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    proptest! {
        #[test]
        fn evidence_is_bounded_and_clean_for_any_bytes(
            blocks in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 0..6000), ".{0,700}"), 0..12,
            ),
        ) {
            let mut evidence = Evidence::new(&Secret::new("s3cret"));
            for (bytes, value) in &blocks {
                evidence.line("value", value).block("bytes", bytes, true);
            }
            let text = evidence.finish();
            prop_assert!(text.len() <= MAX_EVIDENCE);
            prop_assert!(clean(&text));
            prop_assert!(!text.contains("s3cret"));
        }

        #[test]
        fn escaping_leaves_nothing_hidden(text in any::<String>()) {
            prop_assert!(clean(&escape(&text)));
        }
    }
}

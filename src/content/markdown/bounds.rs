//! Limits that keep rendering quick: the time of some steps grows with the square of the nesting.

use comrak::nodes::{AstNode, NodeValue};

use super::{Html, Note, Rendered};
use crate::content::problem::Severity;

/// How deep quotes, lists and the like may nest.
const MAX_DEPTH: usize = 40;
/// How many tags of raw HTML a text may hold.
const MAX_TAGS: usize = 2000;

/// The first line that opens too many quotes and lists at once. Found before parsing, which takes
/// long for such lines.
pub(super) fn line_too_deep(markdown: &str) -> Option<usize> {
    let containers = |line: &str| {
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let marks = words.by_ref().map_while(|word| {
            let quotes = word.chars().take_while(|c| *c == '>').count();
            let list = matches!(word, "-" | "*" | "+") || ordered(word);
            (quotes > 0 || list).then_some(quotes.max(1))
        });
        marks.sum::<usize>()
    };
    markdown
        .lines()
        .position(|line| containers(line) > MAX_DEPTH)
        .map(|n| n + 1)
}

/// Whether a word begins an item of a numbered list.
fn ordered(word: &str) -> bool {
    word.strip_suffix(['.', ')'])
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The line at which the parsed text nests too deeply, or holds too much raw HTML.
pub(super) fn tree_too_deep<'n>(root: &'n AstNode<'n>) -> Option<usize> {
    let mut tags = 0;
    for node in root.descendants() {
        let data = node.data();
        match &data.value {
            NodeValue::HtmlBlock(block) => tags += block.literal.matches('<').count(),
            NodeValue::HtmlInline(html) => tags += html.matches('<').count(),
            _ => {}
        }
        // The way up is no longer than the limit, so this stays linear.
        let deep = node.ancestors().nth(MAX_DEPTH * 2).is_some();
        if deep || tags > MAX_TAGS {
            return Some(data.sourcepos.start.line);
        }
    }
    None
}

/// How many line ends and character references may stand between two tags. Each makes the
/// sanitiser copy the text before it.
const MAX_PIECES: usize = 1500;

/// The place, counted in bytes, of a stretch of HTML that takes the sanitiser long.
pub(super) fn slow_stretch(html: &str) -> Option<usize> {
    let mut at = 0;
    for stretch in html.split('<') {
        let pieces = stretch
            .bytes()
            .filter(|b| matches!(b, b'&' | b'\n' | b'\r' | 0));
        if pieces.count() > MAX_PIECES {
            return Some(at);
        }
        at += stretch.len() + 1;
    }
    None
}

/// The largest drawing, in bytes.
const MAX_DRAWING: usize = 512 << 10;
/// How many tags a drawing may hold.
const MAX_DRAWING_TAGS: usize = 5000;

/// Whether a drawing takes the sanitiser long.
pub(super) fn drawing_too_complex(source: &str) -> bool {
    source.len() > MAX_DRAWING
        || source.matches('<').count() > MAX_DRAWING_TAGS
        || slow_stretch(source).is_some()
}

/// What a text becomes that is not rendered.
pub(super) fn refused(line: usize) -> Rendered {
    Rendered {
        html: Html::default(),
        notes: vec![Note {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            severity: Severity::Error,
            rule: "markdown-too-complex",
            message:
                "the text nests too deeply, or holds too much raw HTML or too long a paragraph"
                    .to_owned(),
            remedy: format!(
                "nest at most {MAX_DEPTH} quotes and lists, use Markdown instead of HTML, split paragraphs"
            ),
        }],
        images: Vec::new(),
    }
}

//! The table of contents of a rendered text.

use std::sync::LazyLock;

use regex::Regex;

use crate::web::view::lesson::ContentsLine;

/// The headings of a text that the content module rendered: `<h2 id="…">text <a …>#</a></h2>`.
pub(super) fn of(markup: &str) -> Vec<ContentsLine> {
    let Some(patterns) = &*PATTERNS else {
        return Vec::new();
    };
    let line = |found: regex::Captures<'_>| {
        let (level, anchor, inner) = (found.get(1)?, found.get(2)?, found.get(3)?);
        let text = patterns.anchor.replace_all(inner.as_str(), "");
        let text = patterns.tag.replace_all(&text, "");
        Some(ContentsLine {
            anchor: anchor.as_str().to_owned(),
            text: unescape(text.trim()),
            level: level.as_str().parse().ok()?,
        })
    };
    patterns
        .heading
        .captures_iter(markup)
        .filter_map(line)
        .collect()
}

struct Patterns {
    heading: Regex,
    anchor: Regex,
    tag: Regex,
}

/// `None` never: a test compiles them.
static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        heading: Regex::new(r#"(?s)<h([23])\s+id="([^"]+)"[^>]*>(.*?)</h[23]>"#).ok()?,
        anchor: Regex::new(r#"(?s)<a\s[^>]*class="heading-anchor"[^>]*>.*?</a>"#).ok()?,
        tag: Regex::new(r"<[^>]*>").ok()?,
    })
});

/// The template escapes the text again.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        content::markdown::{self, Context, Image},
        domain::text::Locale,
    };

    #[test]
    fn headings_of_a_rendered_text_become_its_contents() {
        let context = Context {
            locale: Locale::En,
            id_prefix: "",
            image: &|_| Image::Missing,
            image_url: &|path| path.to_owned(),
            machines: &[],
        };
        let text = "## First & `code` <b>\n\ntext\n\n### Second\n\n#### Too deep\n";
        let html = markdown::render(text, &context).html;
        let lines = of(html.as_str());
        let texts: Vec<_> = lines.iter().map(|l| (l.level, l.text.as_str())).collect();
        assert_eq!(texts, [(2, "First & code"), (3, "Second")], "{html}");
        assert!(
            html.as_str()
                .contains(&format!("id=\"{}\"", lines[0].anchor))
        );
    }
}

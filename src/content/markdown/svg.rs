//! Diagrams: SVG files that become part of the page, so that they follow its colours.
//!
//! An author's file is not trusted. It is parsed the way a browser parses it, and only the
//! elements and attributes named here survive. Ids get a prefix, so that two diagrams on a page
//! do not share any. `style` does not survive, since the page's content security policy forbids
//! inline styles: colours are attributes such as `fill="var(--diagram-a)"`.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::Builder;
use regex::Regex;

use super::{bounds, escape::escape};

const ELEMENTS: [&str; 24] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "marker",
    "clipPath",
    "mask",
    "pattern",
    "linearGradient",
    "radialGradient",
    "stop",
    "textPath",
];

const ATTRIBUTES: [&str; 74] = [
    "id",
    "lang",
    "role",
    "aria-label",
    "aria-labelledby",
    "aria-describedby",
    "aria-hidden",
    "viewBox",
    "preserveAspectRatio",
    "width",
    "height",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "fx",
    "fy",
    "d",
    "points",
    "pathLength",
    "transform",
    "dx",
    "dy",
    "rotate",
    "textLength",
    "lengthAdjust",
    "startOffset",
    "refX",
    "refY",
    "markerWidth",
    "markerHeight",
    "markerUnits",
    "orient",
    "offset",
    "gradientUnits",
    "gradientTransform",
    "patternUnits",
    "patternTransform",
    "clipPathUnits",
    "maskUnits",
    "clip-path",
    "mask",
    "marker-start",
    "marker-mid",
    "marker-end",
    "fill",
    "fill-opacity",
    "fill-rule",
    "clip-rule",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-dasharray",
    "stroke-dashoffset",
    "opacity",
    "color",
    "stop-color",
    "stop-opacity",
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "text-anchor",
    "dominant-baseline",
];

/// What a drawing program leaves behind and nobody misses; not worth a warning.
const SILENTLY_DROPPED: [&str; 4] = ["xmlns", "version", "xml:space", "xml:lang"];

/// A diagram fit for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diagram {
    /// One `svg` element; empty when the file holds none.
    pub(super) html: String,
    /// The elements and attributes that were taken out.
    pub(super) removed: Vec<String>,
}

/// Cleans an SVG file. `prefix` goes in front of its ids; `alt` is what a reader hears who does
/// not see it (the file's own title and description come first).
pub(super) fn inline(source: &str, prefix: &str, alt: &str) -> Diagram {
    if bounds::drawing_too_complex(source) {
        return Diagram {
            html: String::new(),
            removed: Vec::new(),
        };
    }
    let prefix = prefix.to_owned();
    let cleaned = Builder::empty()
        .tags(ELEMENTS.into())
        .clean_content_tags(
            [
                "script",
                "style",
                "foreignObject",
                "foreignobject",
                "iframe",
                "metadata",
            ]
            .into(),
        )
        .generic_attributes(ATTRIBUTES.into())
        .add_tag_attributes("use", ["href"])
        .add_tag_attributes("textPath", ["href"])
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(move |_, attribute, value| attribute_value(&prefix, attribute, value))
        .clean(source)
        .to_string();
    // What stands around the root (an XML declaration's remains, stray text) goes.
    let html = match (cleaned.find("<svg"), cleaned.rfind("</svg>")) {
        (Some(start), Some(end)) if start < end => labelled(
            cleaned.get(start..end + "</svg>".len()).unwrap_or_default(),
            alt,
        ),
        _ => String::new(),
    };
    Diagram {
        html,
        removed: removed(source),
    }
}

/// The value of an allowed attribute; `None` drops it.
fn attribute_value<'v>(prefix: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    match attribute {
        "id" => Some(Cow::Owned(format!("{prefix}{value}"))),
        "aria-labelledby" | "aria-describedby" => Some(Cow::Owned(
            value
                .split_whitespace()
                .map(|id| format!("{prefix}{id}"))
                .collect::<Vec<_>>()
                .join(" "),
        )),
        "href" => value
            .trim()
            .strip_prefix('#')
            .map(|id| Cow::Owned(format!("#{prefix}{id}"))),
        "aria-label" => Some(Cow::Borrowed(value)),
        _ if value.to_ascii_lowercase().contains("url(") => local_url(prefix, value),
        // No value of ours needs an escape, a scheme or markup.
        _ if value.contains(['\\', '<', '>', '@', '{', '}', ';']) || value.contains("//") => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// `url(#name)` and nothing else.
fn local_url(prefix: &str, value: &str) -> Option<Cow<'static, str>> {
    let id = value.trim().strip_prefix("url(#")?.strip_suffix(')')?;
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    id.chars()
        .all(plain)
        .then(|| Cow::Owned(format!("url(#{prefix}{id})")))
}

/// Gives the root a role and, when the file has no name of its own, the text from the page.
fn labelled(svg: &str, alt: &str) -> String {
    let end = svg.find('>').unwrap_or(0);
    let (root, rest) = svg.split_at(end);
    let mut root = root.to_owned();
    if !root.contains(" role=") {
        root.push_str(" role=\"img\"");
    }
    if !root.contains(" aria-label") && !alt.is_empty() {
        root += " aria-label=\"";
        root += &escape(alt);
        root.push('"');
    }
    root + rest
}

/// What is not allowed in the file, found by its letters: only for the author's information.
fn removed(source: &str) -> Vec<String> {
    static COMMENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->|<\?.*?\?>|<![^>]*>").ok());
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?s)<([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)"#).ok()
    });
    static ATTRIBUTE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?s)([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')"#).ok());
    let (Some(comment), Some(tag), Some(attribute)) = (&*COMMENT, &*TAG, &*ATTRIBUTE) else {
        return Vec::new();
    };
    let elements: HashSet<&str> = ELEMENTS.into();
    let attributes: HashSet<&str> = ATTRIBUTES.into();
    let mut removed = Vec::new();
    let mut note = |what: String| {
        if !removed.contains(&what) && removed.len() < 10 {
            removed.push(what);
        }
    };
    let source = comment.replace_all(source, "");
    for found in tag.captures_iter(&source) {
        let name = &found[1];
        if !elements.contains(name) {
            note(format!("<{name}>"));
        }
        for found in attribute.captures_iter(&found[2]) {
            let key = &found[1];
            let value = found.get(2).or(found.get(3)).map_or("", |m| m.as_str());
            if SILENTLY_DROPPED.contains(&key) || key.starts_with("xmlns:") {
                continue;
            }
            let allowed =
                attributes.contains(key) || key == "href" && matches!(name, "use" | "textPath");
            if !allowed || attribute_value("", key, value).is_none() {
                note(format!(
                    "{key}=\"{}\"",
                    value.chars().take(40).collect::<String>()
                ));
            }
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_diagram_survives_with_prefixed_ids() {
        let svg = r##"<?xml version="1.0"?><!-- hi --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" role="img" aria-labelledby="t d"><title id="t">标题</title><desc id="d">D</desc><defs><marker id="a" refX="9" markerWidth="7" orient="auto-start-reverse"><path d="M1 1 L9 5" stroke="var(--diagram-a, #2b7cb8)"/></marker><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs><path d="M0 0" marker-end="url(#a)" fill="url(#g)"/><use href="#a"/><text x="1" font-family="ui-monospace, monospace">文</text></svg>"##;
        let diagram = inline(svg, "p-", "alt");
        assert_eq!(diagram.removed, Vec::<String>::new());
        for kept in [
            "viewBox=\"0 0 10 10\"",
            "aria-labelledby=\"p-t p-d\"",
            "id=\"p-a\"",
            "refX=\"9\"",
            "markerWidth=\"7\"",
            "marker-end=\"url(#p-a)\"",
            "fill=\"url(#p-g)\"",
            "href=\"#p-a\"",
            "<linearGradient",
            "stroke=\"var(--diagram-a, #2b7cb8)\"",
            "标题",
            "font-family=\"ui-monospace, monospace\"",
        ] {
            assert!(diagram.html.contains(kept), "{kept} in {}", diagram.html);
        }
        assert!(!diagram.html.contains("aria-label=\""));
        assert!(diagram.html.starts_with("<svg") && diagram.html.ends_with("</svg>"));
    }

    #[test]
    fn nothing_that_runs_or_loads_survives() {
        let svg = r#"<svg onload="alert(1)" style="background:url(//evil)"><script>alert(1)</script><foreignObject><body onload="alert(1)"><p>x</p></body></foreignObject><a href="javascript:alert(1)"><text>t</text></a><image href="https://evil/x.png"/><use href="https://evil/x.svg#a"/><use xlink:href="data:image/svg+xml,x"/><rect fill="url(https://evil)" onclick="alert(1)"/><rect fill="URL( 'https://evil' )"/><animate attributeName="href" to="javascript:alert(1)"/><set attributeName="onload" to="alert(1)"/><style>@import "//evil";</style><text fill="u\72l(//evil)">y</text><p>html</p><img src=x onerror=alert(1)></svg><script>alert(2)</script>"#;
        let diagram = inline(svg, "p-", "");
        let html = diagram.html.to_lowercase();
        for gone in [
            "alert",
            "evil",
            "script",
            "foreign",
            "javascript",
            "data:",
            "onload",
            "onclick",
            "onerror",
            "<a",
            "<image",
            "<img",
            "animate",
            "<set",
            "style",
            "@import",
            "<p",
        ] {
            assert!(!html.contains(gone), "{gone} in {html}");
        }
        assert!(
            diagram.removed.contains(&"<script>".to_owned()),
            "{:?}",
            diagram.removed
        );
        assert!(diagram.removed.contains(&"onload=\"alert(1)\"".to_owned()));
    }

    #[test]
    fn markup_that_breaks_out_of_the_drawing_stays_inert() {
        for svg in [
            "<svg><title><img src=x onerror=alert(1)></title></svg>",
            "<svg><desc></svg><script>alert(1)</script>",
            "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\"></svg>",
            "<svg><g title=\"--><img src=1 onerror=alert(1)>\"></svg>",
            "<svg><text>&lt;img src=x onerror=alert(1)&gt;</text></svg>",
            "<svg aria-label='\"><img src=x onerror=alert(1)>'></svg>",
        ] {
            let html = inline(svg, "", "\"><img src=x>").html;
            assert!(
                !html.contains("<img") && !html.contains("<script"),
                "{html}"
            );
        }
        assert_eq!(inline("not a drawing", "", "").html, "");
    }
}

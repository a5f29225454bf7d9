//! The last gate before a page: only this HTML gets through.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};

/// In front of every id, so that no author's id can pass for one of the page's.
pub(super) const ID_PREFIX: &str = "h-";

/// Marks the places where trusted HTML goes in afterwards; removed from the author's text first.
pub(super) const MARK: char = '\u{e000}';

/// The elements authors may use. Code blocks and images are put in afterwards.
pub(super) const ELEMENTS: [&str; 52] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.into())
        .clean_content_tags(
            [
                "script", "style", "iframe", "object", "noscript", "template", "svg", "math",
                "title", "textarea", "select",
            ]
            .into(),
        )
        .generic_attributes(["lang", "title", "dir"].into())
        .add_tag_attributes("a", ["href", "aria-label"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("ol", ["start"])
        .add_tag_attributes("td", ["align", "colspan", "rowspan"])
        .add_tag_attributes("th", ["align", "colspan", "rowspan", "scope"])
        .add_tag_attribute_values("a", "target", ["_blank"])
        .add_tag_attribute_values("div", "tabindex", ["0"])
        .add_allowed_classes("div", ["table-scroll"])
        .add_allowed_classes("a", ["heading-anchor"])
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true)
        .attribute_filter(attribute);
    for heading in ["h1", "h2", "h3", "h4", "h5", "h6"] {
        builder.add_tag_attributes(heading, ["id"]);
    }
    builder
});

fn attribute<'v>(_element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    // Trusted HTML must never land within an attribute.
    let marked = value.contains(MARK);
    let foreign_id = attribute == "id" && !value.starts_with(ID_PREFIX);
    (!marked && !foreign_id).then_some(Cow::Borrowed(value))
}

/// `html` with everything taken out that is not on the list.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

/// The elements in a piece of raw HTML that [`clean`] will take out.
pub(super) fn forbidden_elements(html: &str) -> Vec<String> {
    let allowed: HashSet<&str> = ELEMENTS.into();
    let mut found = Vec::new();
    for part in html.split('<').skip(1) {
        let name: String = part
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if !name.is_empty() && !allowed.contains(name.as_str()) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

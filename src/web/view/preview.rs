//! What stands in place of a preview that can't be shown.

use askama::Template;

use crate::web::i18n::Translator;

/// A page on a preview's origin, complete in itself: it may load nothing.
#[derive(Debug, Clone, Template)]
#[template(path = "preview.html")]
pub struct PreviewPage {
    /// Texts in the viewer's language.
    pub t: Translator,
    /// Allows the page's style.
    pub nonce: String,
    /// What happened, as a heading.
    pub what: String,
    /// What to do next.
    pub next: String,
    /// Whether the page looks again by itself.
    pub looks_again: bool,
}

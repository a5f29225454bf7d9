//! What went wrong, and what to do now.

use askama::Template;

use super::{Layout, urls};

/// Any page that can't be shown.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame.
    pub layout: Layout,
    /// The HTTP status.
    pub status: u16,
    /// What happened, as a heading.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do next.
    pub remedy: String,
    /// A way out besides the start page: label and address.
    pub action: Option<(String, String)>,
    /// What to quote to an administrator.
    pub request_id: String,
}

//! Making the first administrator.

use askama::Template;

use super::{
    Layout,
    parts::{self, FieldError},
    urls,
};

/// `/setup?token=…`
#[derive(Debug, Clone, Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    /// The frame.
    pub layout: Layout,
    /// The one-time token of the link; `None` when it is missing, wrong or used.
    pub token: Option<String>,
    /// The name as it was typed.
    pub username: String,
    /// What is wrong with `username`, `password` or `repeat`.
    pub errors: Vec<FieldError>,
}

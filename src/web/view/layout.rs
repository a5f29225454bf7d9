//! What every page needs besides its own content.

use crate::{
    domain::user::Role,
    web::{i18n::Translator, view::urls},
};

/// The frame of a page.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Texts in the viewer's language.
    pub t: Translator,
    /// The token that forms and scripts send back.
    pub csrf: String,
    /// Who looks at the page; `None` for a visitor.
    pub viewer: Option<Viewer>,
    /// Path and query of this page: where the language switch returns to.
    pub path: String,
    /// What the page is about, for the browser's title bar.
    pub title: String,
    /// The nonce of this response's `style-src`; needed on the lab page alone, where terminal and
    /// editor add style elements. Empty elsewhere.
    pub style_nonce: String,
    /// Something to tell first, such as what a form has done.
    pub notice: Option<Notice>,
}

/// Who looks at a page.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The name they sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// Something to tell before the page's content.
#[derive(Debug, Clone)]
pub struct Notice {
    /// How it is meant.
    pub kind: NoticeKind,
    /// In the viewer's language.
    pub text: String,
}

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// It worked.
    Success,
    /// It needs attention.
    Warning,
    /// It did not work.
    Error,
}

impl NoticeKind {
    /// The name of its CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Layout {
    /// Whether the viewer may open the administration page.
    pub fn may_administer(&self) -> bool {
        self.viewer
            .as_ref()
            .is_some_and(|v| v.role >= Role::Instructor)
    }

    /// Where signing in leads, coming back here afterwards.
    pub fn sign_in_url(&self) -> String {
        urls::sign_in(&self.path)
    }

    /// Where registering leads, coming back here afterwards.
    pub fn register_url(&self) -> String {
        urls::register(&self.path)
    }
}

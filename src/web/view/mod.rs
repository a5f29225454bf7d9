//! Pages as data: one struct a page, filled in by the handlers and rendered by askama from
//! `templates/`. Every text in them is already in the viewer's language.
//!
//! May import `domain` and `web::i18n` only.

pub mod admin;
pub mod course;
pub mod error;
pub mod home;
pub mod lab;
pub mod lab_data;
pub mod lab_start;
mod layout;
pub mod lesson;
pub mod me;
pub mod needs;
pub mod parts;
pub mod preview;
pub mod setup;
pub mod sign_in;
pub mod urls;

#[cfg(test)]
mod tests;

pub use layout::{Layout, Notice, NoticeKind, Viewer};
pub use parts::Html;

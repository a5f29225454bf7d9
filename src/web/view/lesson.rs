//! A lesson to read.

use askama::Template;

use super::{
    Html, Layout,
    parts::{ItemKind, Neighbour},
    urls,
};
use crate::domain::ids::Slug;

/// `/courses/{course}/lessons/{lesson}`
#[derive(Debug, Clone, Template)]
#[template(path = "lesson.html")]
pub struct LessonPage {
    /// The frame.
    pub layout: Layout,
    /// The course's name in addresses.
    pub course: Slug,
    /// The course's title.
    pub course_title: String,
    /// The module's title.
    pub module_title: String,
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// How long it takes to read, in minutes.
    pub minutes: Option<u32>,
    /// The text, without its title.
    pub body: Html,
    /// Its headings.
    pub contents: Vec<ContentsLine>,
    /// What comes before.
    pub previous: Option<Neighbour>,
    /// What comes after.
    pub next: Option<Neighbour>,
    /// Whether the viewer marked it as read; `None` for visitors.
    pub done: Option<bool>,
}

/// A line of the table of contents.
#[derive(Debug, Clone)]
pub struct ContentsLine {
    /// The heading's `id` in the body.
    pub anchor: String,
    /// The heading's text.
    pub text: String,
    /// 2 for `<h2>`, 3 for `<h3>`.
    pub level: u8,
}

//! The list of courses.

use askama::Template;

use super::{Layout, parts::Progress, urls};
use crate::domain::ids::Slug;

/// `/`
#[derive(Debug, Clone, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// The frame.
    pub layout: Layout,
    /// Every course of this server.
    pub courses: Vec<CourseCard>,
}

/// A course in the list.
#[derive(Debug, Clone)]
pub struct CourseCard {
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// Who teaches it.
    pub teacher: String,
    /// How many lessons it has.
    pub lessons: usize,
    /// How many labs it has.
    pub labs: usize,
    /// How far the viewer is; `None` for visitors.
    pub progress: Option<Progress>,
}

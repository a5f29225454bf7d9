//! The lab page: instructions on one side, terminals and editor on the other.

use askama::Template;

use super::{Html, Layout, lab_data::LabData, urls};
use crate::domain::ids::Slug;

/// `/attempts/{attempt}`
#[derive(Debug, Clone, Template)]
#[template(path = "lab.html")]
pub struct LabPage {
    /// The frame. Its `style_nonce` must be set.
    pub layout: Layout,
    /// The course's name in addresses.
    pub course: Slug,
    /// The course's title.
    pub course_title: String,
    /// The lab's name in addresses.
    pub lab: Slug,
    /// The lab's title.
    pub title: String,
    /// The instructions of each step, in the order of `data.steps`.
    pub steps: Vec<StepText>,
    /// What the scripts need.
    pub data: LabData,
}

/// What a step says.
#[derive(Debug, Clone)]
pub struct StepText {
    /// Its name.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// Its instructions.
    pub body: Html,
    /// The hints that the learner opened already, in order.
    pub hints: Vec<Html>,
}

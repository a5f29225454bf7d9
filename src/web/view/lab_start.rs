//! A lab before its start: what awaits, and the button, or why it can't start.

use askama::Template;

use super::{
    Layout,
    needs::Needs,
    parts::{self, ImageProgress, ItemKind, Neighbour},
    urls,
};
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, Slug},
    lab::{Level, Profile},
    score::Score,
};

/// `/courses/{course}/labs/{lab}`
#[derive(Debug, Clone, Template)]
#[template(path = "lab_start.html")]
pub struct LabStartPage {
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
    /// One or two sentences.
    pub summary: String,
    /// How much it asks.
    pub level: Level,
    /// How long the sandbox runs, in minutes.
    pub minutes: u32,
    /// How much one extension adds, in minutes.
    pub extension_minutes: u32,
    /// How often one may extend.
    pub extensions: u8,
    /// The machines.
    pub machines: Vec<MachineLine>,
    /// Whether the machines reach the internet.
    pub internet: bool,
    /// The steps.
    pub steps: Vec<StepLine>,
    /// The viewer's best score out of the lab's points; `earned` is 0 for who never started.
    pub best: Score,
    /// Whether the viewer ever started it.
    pub attempted: bool,
    /// Whether and how it can start.
    pub start: StartState,
    /// What it was measured to need.
    pub needs: Needs,
    /// What comes before.
    pub previous: Option<Neighbour>,
    /// What comes after.
    pub next: Option<Neighbour>,
}

/// A machine of the lab.
#[derive(Debug, Clone)]
pub struct MachineLine {
    /// Its host name.
    pub name: Slug,
    /// Its image.
    pub image: Slug,
    /// Its settings.
    pub profile: Profile,
    /// Its memory as people write it, `512MiB`.
    pub memory: String,
}

/// A step of the lab.
#[derive(Debug, Clone)]
pub struct StepLine {
    /// Its title.
    pub title: String,
    /// Its points.
    pub points: u32,
    /// Whether the viewer has all of them.
    pub done: bool,
}

/// Whether and how a lab can start.
#[derive(Debug, Clone)]
pub enum StartState {
    /// A visitor: needs an account.
    SignIn,
    /// A click starts it.
    Ready,
    /// The viewer has a sandbox of it.
    Running {
        /// Where it is.
        attempt: AttemptId,
        /// When it ends; `None` while it is being made.
        expires_at: Option<Timestamp>,
    },
    /// Images are still being built or failed. It may be started nevertheless, and then waits.
    Images(Vec<ImageProgress>),
    /// No container engine answers.
    EngineMissing {
        /// What is wrong, in the viewer's language.
        problem: String,
        /// What an operator can do about it, in the viewer's language.
        remedy: String,
    },
    /// The viewer has as many sandboxes as they may.
    LimitReached {
        /// How many they may have.
        limit: u32,
        /// Those they have.
        running: Vec<RunningSandbox>,
    },
}

/// A sandbox of the viewer's.
#[derive(Debug, Clone)]
pub struct RunningSandbox {
    /// The lab's title.
    pub title: String,
    /// Where it is.
    pub attempt: AttemptId,
}

impl LabStartPage {
    /// Whether an image failed to build, so that a start would fail as well.
    fn image_failed(images: &[ImageProgress]) -> bool {
        images
            .iter()
            .any(|i| i.state == super::parts::ImageState::Failed)
    }
}

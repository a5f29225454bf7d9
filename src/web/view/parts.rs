//! Pieces that several pages share.

#![allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "askama passes arguments of functions by reference"
)]

use std::fmt;

use crate::{
    domain::{
        clock::Timestamp,
        ids::Slug,
        lab::{Level, Profile},
        sandbox::{EndReason, SandboxState},
        score::Score,
        submission::{Outcome, SubmissionState},
        user::Role,
    },
    web::i18n::Translator,
};

/// Markup that is already safe: rendered and sanitised by the content module. Templates put it in
/// as it is.
#[derive(Debug, Clone, Default)]
pub struct Html(String);

impl Html {
    /// Vouches that `markup` was sanitised.
    pub fn sanitised(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

/// How far a learner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Lessons read and labs completed.
    pub done: u32,
    /// Lessons and labs there are.
    pub total: u32,
    /// Points over all labs.
    pub score: Score,
}

impl Progress {
    /// Whole percent of the items, rounded down.
    pub fn percent(&self) -> u32 {
        Score {
            earned: self.done,
            possible: self.total,
        }
        .percent()
    }
}

/// A link to a lesson or lab before or after this one.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// Its title.
    pub title: String,
    /// Its address (see [`super::urls`]).
    pub url: String,
    /// What it is.
    pub kind: ItemKind,
}

/// What a line of the outline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// Something to read.
    Lesson,
    /// Something to do.
    Lab,
}

impl ItemKind {
    /// The key of its name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Lesson => "item-lesson",
            Self::Lab => "item-lab",
        }
    }
}

/// An image of the lab machines and how far its build is.
#[derive(Debug, Clone)]
pub struct ImageProgress {
    /// The folder of `labs/images`.
    pub name: Slug,
    /// Where it is.
    pub state: ImageState,
    /// How far, 0 to 100; `None` when unknown.
    pub percent: Option<u8>,
    /// The last line of the build's output, or why it failed. Untrusted text.
    pub line: String,
}

/// Where the build of an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageState {
    /// Waits for its turn.
    Queued,
    /// Is being built.
    Building,
    /// Can be used.
    Ready,
    /// Could not be built.
    Failed,
}

impl ImageState {
    /// The key of its name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "image-queued",
            Self::Building => "image-building",
            Self::Ready => "image-ready",
            Self::Failed => "image-failed",
        }
    }

    /// How it is coloured.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Queued => "quiet",
            Self::Building => "busy",
            Self::Ready => "good",
            Self::Failed => "bad",
        }
    }
}

/// A form field that was refused.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong and how to mend it, in the viewer's language.
    pub message: String,
}

/// The message for a field among `errors`.
pub fn field_error<'a>(errors: &'a [FieldError], field: &str) -> Option<&'a str> {
    errors
        .iter()
        .find(|e| e.field == field)
        .map(|e| e.message.as_str())
}

/// A moment for people: UTC to the minute; a script turns it into the viewer's local time.
pub fn moment(at: &Timestamp) -> String {
    let iso = at.rfc3339();
    match (iso.get(..10), iso.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => iso,
    }
}

/// The name of a level.
pub fn level(t: &Translator, level: &Level) -> String {
    t.get(match level {
        Level::Beginner => "level-beginner",
        Level::Intermediate => "level-intermediate",
        Level::Advanced => "level-advanced",
    })
}

/// What a machine's profile means to a learner.
pub fn profile(t: &Translator, profile: &Profile) -> String {
    t.get(match profile {
        Profile::Plain => "profile-plain",
        Profile::Root => "profile-root",
        Profile::Docker => "profile-docker",
        Profile::Kubernetes => "profile-kubernetes",
    })
}

/// The name of a role.
pub fn role(t: &Translator, role: &Role) -> String {
    t.get(match role {
        Role::Student => "role-student",
        Role::Instructor => "role-instructor",
        Role::Admin => "role-admin",
    })
}

/// The name of a sandbox's state.
pub fn sandbox_state(t: &Translator, state: &SandboxState) -> String {
    t.get(match state {
        SandboxState::Requested => "sandbox-requested",
        SandboxState::Queued => "sandbox-queued",
        SandboxState::Creating => "sandbox-creating",
        SandboxState::Preparing => "sandbox-preparing",
        SandboxState::Ready => "sandbox-ready",
        SandboxState::Paused => "sandbox-paused",
        SandboxState::Ended => "sandbox-ended",
    })
}

/// Why a sandbox ended, in a few words.
pub fn end_reason(t: &Translator, reason: &EndReason) -> String {
    t.get(match reason {
        EndReason::Finished => "end-finished",
        EndReason::Expired => "end-expired",
        EndReason::Failed => "end-failed",
        EndReason::Lost => "end-lost",
        EndReason::Stopped => "end-stopped",
    })
}

/// The name of an outcome.
pub fn outcome(t: &Translator, outcome: &Outcome) -> String {
    t.get(match outcome {
        Outcome::Passed => "outcome-passed",
        Outcome::Failed => "outcome-failed",
        Outcome::Unstable => "outcome-unstable",
        Outcome::Ungradable => "outcome-ungradable",
        Outcome::GraderError => "outcome-grader-error",
    })
}

/// The name of a submission's state.
pub fn submission_state(t: &Translator, state: &SubmissionState) -> String {
    t.get(match state {
        SubmissionState::Queued => "submission-queued",
        SubmissionState::Grading => "submission-grading",
        SubmissionState::Graded => "submission-graded",
        SubmissionState::Ungradable => "submission-ungradable",
        SubmissionState::GraderError => "submission-grader-error",
    })
}

/// How an outcome is coloured.
pub const fn outcome_tone(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "good",
        Outcome::Failed => "bad",
        Outcome::Unstable | Outcome::Ungradable | Outcome::GraderError => "warn",
    }
}

/// How a sandbox's state is coloured.
pub const fn sandbox_tone(state: &SandboxState) -> &'static str {
    match state {
        SandboxState::Ready => "good",
        SandboxState::Ended | SandboxState::Paused => "quiet",
        SandboxState::Requested
        | SandboxState::Queued
        | SandboxState::Creating
        | SandboxState::Preparing => "busy",
    }
}

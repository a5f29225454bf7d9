//! The viewer's own progress and account.

use askama::Template;

use super::{
    Layout,
    parts::{self, FieldError, Progress},
    urls,
};
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, Slug},
    sandbox::SandboxState,
    score::Score,
    submission::SubmissionState,
    user::Role,
};

/// `/me`
#[derive(Debug, Clone, Template)]
#[template(path = "me.html")]
pub struct MePage {
    /// The frame.
    pub layout: Layout,
    /// The name one signs in with.
    pub username: String,
    /// What one may do.
    pub role: Role,
    /// Since when the account exists.
    pub created_at: Timestamp,
    /// The courses with anything done.
    pub courses: Vec<MyCourse>,
    /// The labs ever started, the latest first.
    pub labs: Vec<MyLab>,
    /// The latest submissions, the latest first.
    pub submissions: Vec<MySubmission>,
    /// What is wrong with `current`, `password` or `repeat` of the password form.
    pub errors: Vec<FieldError>,
}

/// How far one is with a course.
#[derive(Debug, Clone)]
pub struct MyCourse {
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// How far.
    pub progress: Progress,
}

/// A lab that was started.
#[derive(Debug, Clone)]
pub struct MyLab {
    /// The course's name in addresses.
    pub course: Slug,
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// The best score.
    pub score: Score,
    /// The attempt and its sandbox while there is one.
    pub running: Option<(AttemptId, SandboxState)>,
    /// When something last happened.
    pub last_at: Timestamp,
}

/// A request to grade.
#[derive(Debug, Clone)]
pub struct MySubmission {
    /// The lab's title.
    pub lab: String,
    /// The step's title.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// Where it is.
    pub state: SubmissionState,
    /// What it earned.
    pub score: Score,
}

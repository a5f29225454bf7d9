//! Administration: labs and their problems, images, sandboxes, submissions, people.

use askama::Template;

use super::{
    Layout,
    needs::Needs,
    parts::{self, ImageProgress},
    urls,
};
use crate::domain::{
    check::Trust,
    clock::Timestamp,
    ids::{SandboxId, Slug, SubmissionId, UserId},
    sandbox::{EndReason, SandboxState},
    score::Score,
    submission::{Outcome, SubmissionState},
    user::Role,
};

/// `/admin`
#[derive(Debug, Clone, Template)]
#[template(path = "admin.html")]
pub struct AdminPage {
    /// The frame.
    pub layout: Layout,
    /// The container engine.
    pub engine: EngineLine,
    /// The labs on disk.
    pub labs: Vec<AdminLab>,
    /// What labs were measured to need, in teaching order.
    pub needs: Vec<AdminNeeds>,
    /// The images of the lab machines.
    pub images: Vec<ImageProgress>,
    /// Sandboxes that have not ended, then the latest that have.
    pub sandboxes: Vec<AdminSandbox>,
    /// The latest submissions, the latest first.
    pub submissions: Vec<AdminSubmission>,
    /// Everybody with an account; `None` for who is not an administrator.
    pub users: Option<Vec<AdminUser>>,
}

/// What is known of the container engine.
#[derive(Debug, Clone)]
pub struct EngineLine {
    /// Whether it answers.
    pub ok: bool,
    /// Its name and version, or what is wrong, in the viewer's language.
    pub text: String,
    /// How to mend it, in the viewer's language.
    pub remedy: Option<String>,
}

/// A lab on disk.
#[derive(Debug, Clone)]
pub struct AdminLab {
    /// The course's name in addresses.
    pub course: Slug,
    /// Its name in addresses.
    pub id: Slug,
    /// Its title; its name when the file does not parse.
    pub title: String,
    /// When its present version was published; `None` when it never was.
    pub published_at: Option<Timestamp>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What a lab was measured to need.
#[derive(Debug, Clone)]
pub struct AdminNeeds {
    /// The course's name in addresses.
    pub course: Slug,
    /// The lab's name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// The figures.
    pub needs: Needs,
}

/// A mistake in a course or lab file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The file, relative to the folder of labs.
    pub file: String,
    /// Where in it.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub remedy: Option<String>,
    /// Whether it only warns.
    pub warning: bool,
}

/// A sandbox.
#[derive(Debug, Clone)]
pub struct AdminSandbox {
    /// Which.
    pub id: SandboxId,
    /// Whose.
    pub learner: String,
    /// The lab's title.
    pub lab: String,
    /// Where it is.
    pub state: SandboxState,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether the viewer may end it.
    pub may_end: bool,
}

/// A request to grade.
#[derive(Debug, Clone)]
pub struct AdminSubmission {
    /// Which.
    pub id: SubmissionId,
    /// Whose.
    pub learner: String,
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
    /// What was looked at.
    pub results: Vec<AdminResult>,
}

/// What a check came to.
#[derive(Debug, Clone)]
pub struct AdminResult {
    /// The check's title.
    pub check: String,
    /// What it came to.
    pub outcome: Outcome,
    /// How far the evidence can be trusted.
    pub trust: Trust,
    /// What was observed. Untrusted text.
    pub evidence: String,
    /// How long the look took.
    pub duration_ms: u64,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct AdminUser {
    /// Who.
    pub id: UserId,
    /// The name they sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// Whether the viewer may change the role (nobody changes their own).
    pub may_change: bool,
}

/// What the role menu offers.
const ROLES: &[Role] = &[Role::Student, Role::Instructor, Role::Admin];

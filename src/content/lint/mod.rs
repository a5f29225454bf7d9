//! The rules for files that parse: what can't work, and what an author most likely did not mean.

mod boards;
mod checks;
mod cluster;
mod course;
mod files;
mod kubernetes;
mod machines;
mod messages;
mod names;
mod queue;
mod texts;
mod trust;

use std::collections::BTreeSet;

use super::{
    folder::Files,
    positions::Positions,
    problem::{Problem, Severity},
};
use crate::domain::{ids::Slug, lab::Lab};

pub(super) use cluster::resolve as cluster;
pub use course::check as course;
pub(super) use files::svg_problem;
pub(super) use texts::markdown_text;

/// Collects the problems of one manifest.
#[derive(Debug)]
pub struct Report<'a> {
    /// The manifest's name in messages.
    pub file: &'a str,
    /// Where its values stand.
    pub positions: &'a Positions,
    /// What was found so far.
    pub problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    /// A report without problems.
    pub const fn new(file: &'a str, positions: &'a Positions) -> Self {
        Self {
            file,
            positions,
            problems: Vec::new(),
        }
    }

    /// An error at the value `path` of the manifest.
    pub fn error(
        &mut self,
        rule: &'static str,
        path: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let problem = Problem::error(rule, self.file, message, remedy);
        self.problems.push(problem.at(self.positions.get(path)));
    }

    /// A warning at the value `path` of the manifest.
    pub fn warning(
        &mut self,
        rule: &'static str,
        path: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.error(rule, path, message, remedy);
        if let Some(problem) = self.problems.last_mut() {
            problem.severity = Severity::Warning;
        }
    }
}

/// A lab and what its rules look at.
#[derive(Debug, Clone, Copy)]
pub struct LabContext<'a> {
    /// The manifest.
    pub lab: &'a Lab,
    /// The folder's name in messages.
    pub folder: &'a str,
    /// The folder's own name.
    pub id: &'a Slug,
    /// The folder's files.
    pub files: &'a Files,
    /// The images there are.
    pub images: &'a BTreeSet<Slug>,
}

/// Applies every rule to a lab.
pub fn lab(context: &LabContext<'_>, report: &mut Report<'_>) {
    names::check(context, report);
    texts::check(context, report);
    machines::check(context, report);
    boards::check(context, report);
    checks::check(context, report);
    messages::check(context, report);
    files::check(context, report);
    trust::check(context, report);
}

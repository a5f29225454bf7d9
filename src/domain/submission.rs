//! Requests to grade and what comes of them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ids::Slug, text::Text};

/// Where a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionState {
    /// Acknowledged; waits for a grader.
    Queued,
    /// A grader holds the lease.
    Grading,
    /// It has results.
    Graded,
    /// The learner's environment was too broken to judge; costs nothing.
    Ungradable,
    /// Our fault, several times over: an instructor sees it.
    GraderError,
}

impl SubmissionState {
    /// The name in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Grading => "grading",
            Self::Graded => "graded",
            Self::Ungradable => "ungradable",
            Self::GraderError => "grader_error",
        }
    }

    /// Whether nothing more will come.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Graded | Self::Ungradable | Self::GraderError)
    }
}

/// What one look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As asked.
    Passed,
    /// Not as asked.
    Failed,
    /// Two looks, a moment apart, disagreed; earns nothing.
    Unstable,
    /// The learner's environment was too broken to look.
    Ungradable,
    /// We could not look; our fault.
    GraderError,
}

impl Outcome {
    /// The name in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unstable => "unstable",
            Self::Ungradable => "ungradable",
            Self::GraderError => "grader_error",
        }
    }
}

/// The text names no state or outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown submission state or outcome")]
pub struct UnknownOutcome;

impl FromStr for SubmissionState {
    type Err = UnknownOutcome;
    fn from_str(s: &str) -> Result<Self, UnknownOutcome> {
        [
            Self::Queued,
            Self::Grading,
            Self::Graded,
            Self::Ungradable,
            Self::GraderError,
        ]
        .into_iter()
        .find(|state| state.as_str() == s)
        .ok_or(UnknownOutcome)
    }
}

impl FromStr for Outcome {
    type Err = UnknownOutcome;
    fn from_str(s: &str) -> Result<Self, UnknownOutcome> {
        [
            Self::Passed,
            Self::Failed,
            Self::Unstable,
            Self::Ungradable,
            Self::GraderError,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == s)
        .ok_or(UnknownOutcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a check came to in one submission, or in one live look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Which check.
    pub check: Slug,
    /// What it came to.
    pub outcome: Outcome,
    /// Points earned: all of the check's, or none.
    pub points: u32,
    /// What the learner is told; `None` when passed.
    pub message: Option<Text>,
    /// What was observed, for instructors: plain text, at most 8 KiB, control characters escaped.
    pub evidence: String,
    /// How long the look took.
    pub duration_ms: u64,
}

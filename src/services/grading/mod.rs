//! Submissions, and the looks that run by themselves while a learner works.

mod live;
mod machines;
mod worker;

pub use machines::SandboxMachines;
pub use worker::GRADERS;

use super::{App, Refusal, ServiceError, events::Event};
use crate::{
    domain::{
        ids::{Slug, SubmissionId},
        score::{Score, lab_score},
        submission::CheckResult,
    },
    store::{
        attempts::Attempt,
        submissions::{NewSubmission, Submission},
    },
};

/// A submission with its results, for its learner and for instructors.
#[derive(Debug, Clone)]
pub struct SubmissionView {
    /// The submission.
    pub submission: Submission,
    /// Its results; empty until it is graded.
    pub results: Vec<CheckResult>,
    /// The score of the whole lab so far.
    pub lab_score: Score,
}

impl App {
    /// Hands a step in. When this returns, the submission will be graded, whatever happens to the
    /// server. The same key again returns the same submission.
    pub async fn submit(
        &self,
        attempt: &Attempt,
        step: &Slug,
        key: &str,
    ) -> Result<SubmissionView, ServiceError> {
        if !(8..=64).contains(&key.len())
            || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Err(Refusal::InvalidKey.into());
        }
        let version = self.lab_version(attempt.lab_version_id).await?;
        let possible = version
            .lab
            .step(step)
            .ok_or(ServiceError::NotFound)?
            .points();
        let sandbox = self.ready_sandbox(attempt.id).await?;
        let new = NewSubmission {
            attempt_id: attempt.id,
            sandbox_id: sandbox.id,
            generation: sandbox.generation,
            lab_version_id: sandbox.lab_version_id,
            step,
            idempotency_key: key,
            possible,
        };
        let mut tx = self.store.begin().await?;
        // One at a time for each step; the same request again is no second one.
        let known = tx.has_submission(attempt.id, key).await?;
        if !known && tx.has_open_submission(attempt.id, step).await? {
            return Err(Refusal::GradingUnderWay.into());
        }
        let submission = tx.submit(&new, self.clock.now()).await?;
        tx.commit().await?;
        tracing::info!(submission.id = %submission.id, step = %step, "submission acknowledged");
        self.events
            .publish(attempt.id, Event::Submission(submission.id));
        self.grading.notify_one();
        self.submission_view(attempt, submission).await
    }

    /// A submission of an attempt, with its results.
    pub async fn submission(
        &self,
        attempt: &Attempt,
        id: SubmissionId,
    ) -> Result<SubmissionView, ServiceError> {
        let submission = self.store.submission(id).await?;
        let submission = submission.filter(|s| s.attempt_id == attempt.id);
        self.submission_view(attempt, submission.ok_or(ServiceError::NotFound)?)
            .await
    }

    async fn submission_view(
        &self,
        attempt: &Attempt,
        submission: Submission,
    ) -> Result<SubmissionView, ServiceError> {
        Ok(SubmissionView {
            results: self.store.check_results(submission.id).await?,
            lab_score: self.score(attempt).await?,
            submission,
        })
    }

    /// The newest submission of each step, with results.
    pub async fn latest_submissions(
        &self,
        attempt: &Attempt,
    ) -> Result<Vec<SubmissionView>, ServiceError> {
        let mut views = Vec::new();
        for submission in self.store.latest_submissions(attempt.id).await? {
            views.push(self.submission_view(attempt, submission).await?);
        }
        Ok(views)
    }

    /// The points of an attempt so far.
    pub async fn score(&self, attempt: &Attempt) -> Result<Score, ServiceError> {
        let version = self.lab_version(attempt.lab_version_id).await?;
        let best = self.store.best_outcomes(attempt.id).await?;
        Ok(lab_score(&version.lab, &best))
    }
}

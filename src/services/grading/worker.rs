//! Graders: lease a job, look, store what came of it.

use std::time::Duration;

use super::SandboxMachines;
use crate::{
    auth::token,
    domain::{
        sandbox::SandboxState,
        submission::{CheckResult, Outcome, SubmissionState},
    },
    grading::{Context, Nonces, Pace, grade_step},
    services::{App, ServiceError, events::Event},
    store::{sandboxes::Sandbox, submissions::LeasedJob},
};

/// Submissions graded at once.
pub const GRADERS: usize = 4;
/// How long a grader may take; longer than the longest step (`Pace::step`) with its last look.
const LEASE: Duration = Duration::from_mins(8);
/// How often a job is tried when the fault is ours.
const MAX_TRIES: u32 = 4;
/// The wait before the next try, times the number of tries.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often a grader looks without being woken.
const IDLE: Duration = Duration::from_secs(30);

impl App {
    /// Frees what a server that is gone had leased, then grades until the server ends.
    pub async fn run_grader(self) {
        loop {
            let worked = match self.grade_next().await {
                Ok(worked) => worked,
                Err(error) => {
                    tracing::error!(%error, "grading failed");
                    false
                }
            };
            if worked {
                continue;
            }
            let wait = match self.store.next_job_due().await {
                Ok(Some(due)) => due.since(self.clock.now()).clamp(RETRY_AFTER / 5, IDLE),
                _ => IDLE,
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.grading.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Forgets the leases of a server that was killed; call it before the first grader starts.
    pub async fn release_grading_leases(&self) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        let released = tx.release_leases().await?;
        tx.commit().await?;
        if released > 0 {
            tracing::info!(released, "submissions are graded again after a restart");
        }
        Ok(())
    }

    async fn grade_next(&self) -> Result<bool, ServiceError> {
        let token = token::generate()?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let job = tx.lease_job(&token, now, now.plus(LEASE)).await?;
        tx.commit().await?;
        let Some(job) = job else { return Ok(false) };
        // There may be more: another grader takes it.
        self.grading.notify_one();
        self.events.publish(
            job.submission.attempt_id,
            Event::Submission(job.submission.id),
        );
        tokio::select! {
            graded = self.grade(&job) => graded?,
            // Dropped half-way: the next server frees the lease and grades it.
            () = self.stop.cancelled() => return Ok(false),
        }
        Ok(true)
    }

    async fn grade(&self, job: &LeasedJob) -> Result<(), ServiceError> {
        let submission = &job.submission;
        let sandbox = self.store.sandbox(submission.sandbox_id).await?;
        let sandbox = sandbox.ok_or(ServiceError::NotFound)?;
        let is_there = matches!(sandbox.state, SandboxState::Ready | SandboxState::Paused)
            && sandbox.generation == submission.generation;
        if !is_there {
            // Ended or reset before a grader came: there is nothing left to look at.
            return self.finish(job, SubmissionState::Ungradable, &[]).await;
        }
        let results = self.look(job, &sandbox).await?;
        let has = |outcome| results.iter().any(|r| r.outcome == outcome);
        if has(Outcome::GraderError) && job.tries < MAX_TRIES {
            let at = self.clock.now().plus(RETRY_AFTER * job.tries);
            tracing::warn!(submission.id = %submission.id, job.tries, "graded again: our fault");
            let mut tx = self.store.begin().await?;
            tx.retry_job(job, at).await?;
            return Ok(tx.commit().await?);
        }
        let state = if has(Outcome::GraderError) {
            SubmissionState::GraderError
        } else if has(Outcome::Ungradable) && !has(Outcome::Passed) {
            SubmissionState::Ungradable
        } else {
            SubmissionState::Graded
        };
        self.finish(job, state, &results).await
    }

    async fn look(
        &self,
        job: &LeasedJob,
        sandbox: &Sandbox,
    ) -> Result<Vec<CheckResult>, ServiceError> {
        let id = job.submission.lab_version_id;
        let version = self.lab_version(id).await?;
        let files = self.store.lab_files(id).await?;
        // The checks come from their published rows, not from any file.
        let checks = self.store.checks(id, &job.submission.step).await?;
        let step = version
            .lab
            .step(&job.submission.step)
            .ok_or(ServiceError::NotFound)?;
        let step = crate::domain::lab::Step {
            checks,
            ..step.clone()
        };
        let machines = SandboxMachines::new(self, sandbox);
        let context = Context {
            machines: &machines,
            lab: &version.lab,
            files: &files,
            nonces: &Nonces::from_os(),
            pace: Pace::default(),
        };
        Ok(grade_step(&context, &step).await)
    }

    async fn finish(
        &self,
        job: &LeasedJob,
        state: SubmissionState,
        results: &[CheckResult],
    ) -> Result<(), ServiceError> {
        let submission = &job.submission;
        let mut tx = self.store.begin().await?;
        let finished = tx.finish_job(job, state, results, self.clock.now()).await?;
        tx.commit().await?;
        if finished {
            let earned: u32 = results.iter().map(|r| r.points).sum();
            tracing::info!(
                submission.id = %submission.id, submission.state = state.as_str(), earned,
                possible = submission.possible, "submission graded"
            );
            self.events
                .publish(submission.attempt_id, Event::Submission(submission.id));
        }
        Ok(())
    }
}

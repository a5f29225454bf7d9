//! Submissions, the queue of work to grade, and results.

use std::collections::BTreeMap;

use sqlx::{Row, sqlite::SqliteRow};

use super::{Store, StoreError, Transaction, row};
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, LabVersionId, SandboxId, Slug, SubmissionId},
    submission::{CheckResult, Outcome, SubmissionState},
    user::Username,
};

/// An immutable request to grade a step, and where it is.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Which.
    pub id: SubmissionId,
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The sandbox in which the work stands.
    pub sandbox_id: SandboxId,
    /// Which making of the sandbox.
    pub generation: u32,
    /// The version whose checks count.
    pub lab_version_id: LabVersionId,
    /// The step.
    pub step: Slug,
    /// Where it is.
    pub state: SubmissionState,
    /// When it was acknowledged.
    pub submitted_at: Timestamp,
    /// Points earned, once graded.
    pub earned: Option<u32>,
    /// Points there are in the step.
    pub possible: u32,
}

/// A submission about to be acknowledged.
#[derive(Debug)]
pub struct NewSubmission<'a> {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The sandbox.
    pub sandbox_id: SandboxId,
    /// Which making of the sandbox.
    pub generation: u32,
    /// The version whose checks count.
    pub lab_version_id: LabVersionId,
    /// The step.
    pub step: &'a Slug,
    /// Made by the client: the same request twice is one submission.
    pub idempotency_key: &'a str,
    /// Points there are in the step.
    pub possible: u32,
}

/// Work that a grader may do until the lease runs out.
#[derive(Debug)]
pub struct LeasedJob {
    /// What to grade.
    pub submission: Submission,
    /// Proof of the lease.
    pub token: String,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// A line of the instructors' list.
#[derive(Debug)]
pub struct RecentSubmission {
    /// The submission.
    pub submission: Submission,
    /// Whose.
    pub username: Username,
    /// Of which lab.
    pub lab: Slug,
}

fn submission(row: &SqliteRow) -> Result<Submission, StoreError> {
    Ok(Submission {
        id: row::parsed(row, "id")?,
        attempt_id: row::parsed(row, "attempt_id")?,
        sandbox_id: row::parsed(row, "sandbox_id")?,
        generation: row::count(row, "generation")?,
        lab_version_id: row::parsed(row, "lab_version_id")?,
        step: row::parsed(row, "step")?,
        state: row::parsed(row, "state")?,
        submitted_at: row::time(row, "submitted_at")?,
        earned: row.try_get("earned")?,
        possible: row::count(row, "possible")?,
    })
}

impl Store {
    /// The submission of this id.
    pub async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StoreError> {
        let row = sqlx::query("SELECT * FROM submissions WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(submission).transpose()
    }

    /// The newest submission of each step of an attempt.
    pub async fn latest_submissions(
        &self,
        attempt: AttemptId,
    ) -> Result<Vec<Submission>, StoreError> {
        sqlx::query(
            "SELECT * FROM submissions WHERE id IN
             (SELECT max(id) FROM submissions WHERE attempt_id = ? GROUP BY step)",
        )
        .bind(attempt.to_string())
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(submission)
        .collect()
    }

    /// What the checks of a submission came to.
    pub async fn check_results(&self, id: SubmissionId) -> Result<Vec<CheckResult>, StoreError> {
        sqlx::query("SELECT * FROM check_results WHERE submission_id = ?")
            .bind(id.to_string())
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| {
                let message: Option<&str> = row.try_get("message")?;
                Ok(CheckResult {
                    check: row::parsed(row, "check_id")?,
                    outcome: row::parsed(row, "outcome")?,
                    points: row::count(row, "points")?,
                    message: match message {
                        Some(_) => Some(row::json(row, "message")?),
                        None => None,
                    },
                    evidence: row.try_get("evidence")?,
                    duration_ms: u64::from(row::count(row, "duration_ms")?),
                })
            })
            .collect()
    }

    /// The best outcome of each check over all graded submissions of an attempt.
    pub async fn best_outcomes(
        &self,
        attempt: AttemptId,
    ) -> Result<BTreeMap<Slug, Outcome>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.check_id, max(r.outcome = 'passed') AS passed
             FROM check_results r JOIN submissions s ON s.id = r.submission_id
             WHERE s.attempt_id = ? AND s.state = 'graded' GROUP BY r.check_id",
        )
        .bind(attempt.to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let passed: bool = row.try_get("passed")?;
                let best = if passed {
                    Outcome::Passed
                } else {
                    Outcome::Failed
                };
                Ok((row::parsed(row, "check_id")?, best))
            })
            .collect()
    }

    /// The newest submissions of everybody.
    pub async fn recent_submissions(
        &self,
        limit: u32,
    ) -> Result<Vec<RecentSubmission>, StoreError> {
        sqlx::query(
            "SELECT s.*, u.username, a.lab FROM submissions s
             JOIN attempts a ON a.id = s.attempt_id JOIN users u ON u.id = a.user_id
             ORDER BY s.id DESC LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| {
            Ok(RecentSubmission {
                submission: submission(row)?,
                username: row::parsed(row, "username")?,
                lab: row::parsed(row, "lab")?,
            })
        })
        .collect()
    }

    /// When the next job is due: new ones at once, leased ones when the lease runs out.
    pub async fn next_job_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar(
            "SELECT min(max(run_after, coalesce(lease_until, 0))) FROM grading_jobs",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(due.map(Timestamp::from_millis))
    }
}

impl Transaction<'_> {
    /// Acknowledges a submission and queues its grading, together. The same key again returns the
    /// submission that is there.
    pub async fn submit(
        &mut self,
        new: &NewSubmission<'_>,
        now: Timestamp,
    ) -> Result<Submission, StoreError> {
        let NewSubmission {
            attempt_id,
            sandbox_id,
            generation,
            lab_version_id,
            step,
            idempotency_key,
            possible,
        } = new;
        let id = SubmissionId::generate();
        let done = sqlx::query(
            "INSERT INTO submissions (id, attempt_id, sandbox_id, generation, lab_version_id, step,
                                      idempotency_key, state, submitted_at, possible)
             VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)
             ON CONFLICT (attempt_id, idempotency_key) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(attempt_id.to_string())
        .bind(sandbox_id.to_string())
        .bind(generation)
        .bind(lab_version_id.to_string())
        .bind(step.as_str())
        .bind(idempotency_key)
        .bind(now.as_millis())
        .bind(possible)
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 1 {
            sqlx::query("INSERT INTO grading_jobs (submission_id, run_after) VALUES (?, ?)")
                .bind(id.to_string())
                .bind(now.as_millis())
                .execute(self.connection())
                .await?;
        }
        let row =
            sqlx::query("SELECT * FROM submissions WHERE attempt_id = ? AND idempotency_key = ?")
                .bind(attempt_id.to_string())
                .bind(idempotency_key)
                .fetch_one(self.connection())
                .await?;
        submission(&row)
    }

    /// Whether the attempt has a submission of this key.
    pub async fn has_submission(
        &mut self,
        attempt: AttemptId,
        key: &str,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM submissions
             WHERE attempt_id = ? AND idempotency_key = ?)",
        )
        .bind(attempt.to_string())
        .bind(key)
        .fetch_one(self.connection())
        .await?)
    }

    /// Whether a submission of this step of the attempt waits or is being graded.
    pub async fn has_open_submission(
        &mut self,
        attempt: AttemptId,
        step: &Slug,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM submissions
             WHERE attempt_id = ? AND step = ? AND state IN ('queued', 'grading'))",
        )
        .bind(attempt.to_string())
        .bind(step.as_str())
        .fetch_one(self.connection())
        .await?)
    }

    /// Leases the oldest job that is due and not leased.
    pub async fn lease_job(
        &mut self,
        token: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<LeasedJob>, StoreError> {
        let leased = sqlx::query(
            "UPDATE grading_jobs SET lease_token = ?, lease_until = ?, tries = tries + 1
             WHERE submission_id = (
                 SELECT submission_id FROM grading_jobs
                 WHERE run_after <= ? AND (lease_until IS NULL OR lease_until <= ?)
                 ORDER BY run_after, submission_id LIMIT 1)
             RETURNING submission_id, tries",
        )
        .bind(token)
        .bind(until.as_millis())
        .bind(now.as_millis())
        .bind(now.as_millis())
        .fetch_optional(self.connection())
        .await?;
        let Some(leased) = leased else {
            return Ok(None);
        };
        let row = sqlx::query("UPDATE submissions SET state = 'grading' WHERE id = ? RETURNING *")
            .bind(leased.try_get::<&str, _>("submission_id")?)
            .fetch_one(self.connection())
            .await?;
        Ok(Some(LeasedJob {
            submission: submission(&row)?,
            token: token.to_owned(),
            tries: row::count(&leased, "tries")?,
        }))
    }

    /// Gives a job back to be tried again from `at`; `false` when the lease was lost.
    pub async fn retry_job(&mut self, job: &LeasedJob, at: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE grading_jobs SET lease_token = NULL, lease_until = NULL, run_after = ?
             WHERE submission_id = ? AND lease_token = ?",
        )
        .bind(at.as_millis())
        .bind(job.submission.id.to_string())
        .bind(&job.token)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets the leases of a server that is gone: this is the only server on its database.
    pub async fn release_leases(&mut self) -> Result<u64, StoreError> {
        let done = sqlx::query("UPDATE grading_jobs SET lease_token = NULL, lease_until = NULL")
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }

    /// Stores the results and ends the job; `false`, and nothing stored, when the lease was lost.
    pub async fn finish_job(
        &mut self,
        job: &LeasedJob,
        state: SubmissionState,
        results: &[CheckResult],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = job.submission.id.to_string();
        let done =
            sqlx::query("DELETE FROM grading_jobs WHERE submission_id = ? AND lease_token = ?")
                .bind(&id)
                .bind(&job.token)
                .execute(self.connection())
                .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for result in results {
            let CheckResult {
                check,
                outcome,
                points,
                message,
                evidence,
                duration_ms,
            } = result;
            let message = message.as_ref().map(serde_json::to_string).transpose();
            sqlx::query(
                "INSERT INTO check_results
                 (submission_id, check_id, outcome, points, message, evidence, duration_ms)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&id)
            .bind(check.as_str())
            .bind(outcome.as_str())
            .bind(points)
            .bind(message.map_err(|e| StoreError::Corrupt(e.to_string()))?)
            .bind(evidence)
            .bind(i64::try_from(*duration_ms).unwrap_or(i64::MAX))
            .execute(self.connection())
            .await?;
        }
        let earned: u32 = results.iter().map(|r| r.points).sum();
        sqlx::query("UPDATE submissions SET state = ?, finished_at = ?, earned = ? WHERE id = ?")
            .bind(state.as_str())
            .bind(now.as_millis())
            .bind((state == SubmissionState::Graded).then_some(earned))
            .bind(&id)
            .execute(self.connection())
            .await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{attempts::tests::an_attempt, sandboxes::tests::a_sandbox, testing::store};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn result(check: &str, outcome: Outcome, points: u32) -> CheckResult {
        CheckResult {
            check: check.parse().unwrap(),
            outcome,
            points,
            message: None,
            evidence: String::new(),
            duration_ms: 5,
        }
    }

    async fn submitted(store: &Store) -> Submission {
        let attempt = an_attempt(store, "ada").await;
        let sandbox_id = a_sandbox(store, &attempt).await;
        submit(store, attempt.id, sandbox_id, attempt.lab_version_id, "key").await
    }

    async fn submit(
        store: &Store,
        attempt_id: AttemptId,
        sandbox_id: SandboxId,
        lab_version_id: LabVersionId,
        key: &str,
    ) -> Submission {
        let mut tx = store.begin().await.unwrap();
        let new = NewSubmission {
            attempt_id,
            sandbox_id,
            generation: 1,
            lab_version_id,
            step: &"one".parse().unwrap(),
            idempotency_key: key,
            possible: 10,
        };
        let submission = tx.submit(&new, at(10)).await.unwrap();
        tx.commit().await.unwrap();
        submission
    }

    #[tokio::test]
    async fn the_same_request_twice_is_one_submission_and_one_job() {
        let (store, _dir) = store().await;
        let first = submitted(&store).await;
        let again = submit(
            &store,
            first.attempt_id,
            first.sandbox_id,
            first.lab_version_id,
            "key",
        )
        .await;
        assert_eq!(first.id, again.id);
        let mut tx = store.begin().await.unwrap();
        assert!(
            tx.has_open_submission(first.attempt_id, &first.step)
                .await
                .unwrap()
        );
        assert!(tx.lease_job("t", at(10), at(20)).await.unwrap().is_some());
        assert!(tx.lease_job("t", at(10), at(20)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_lease_that_runs_out_is_taken_up_again_and_the_late_grader_changes_nothing() {
        let (store, _dir) = store().await;
        let submission = submitted(&store).await;
        let mut tx = store.begin().await.unwrap();
        let late = tx.lease_job("late", at(10), at(20)).await.unwrap().unwrap();
        assert!(
            tx.lease_job("early", at(19), at(30))
                .await
                .unwrap()
                .is_none()
        );
        let second = tx
            .lease_job("second", at(20), at(30))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((late.tries, second.tries), (1, 2));
        let results = [
            result("a", Outcome::Passed, 3),
            result("b", Outcome::Failed, 0),
        ];
        let graded = SubmissionState::Graded;
        assert!(
            !tx.finish_job(&late, graded, &results, at(21))
                .await
                .unwrap()
        );
        assert!(!tx.retry_job(&late, at(21)).await.unwrap());
        assert!(
            tx.finish_job(&second, graded, &results, at(22))
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        let done = store.submission(submission.id).await.unwrap().unwrap();
        assert_eq!((done.state, done.earned), (graded, Some(3)));
        assert_eq!(store.check_results(submission.id).await.unwrap(), results);
        let best = store.best_outcomes(submission.attempt_id).await.unwrap();
        assert_eq!(best[&"a".parse().unwrap()], Outcome::Passed);
        assert_eq!(best[&"b".parse().unwrap()], Outcome::Failed);
        assert_eq!(store.next_job_due().await.unwrap(), None);
        let recent = store.recent_submissions(5).await.unwrap();
        assert_eq!(recent[0].username.as_str(), "ada");
        assert_eq!(
            store
                .latest_submissions(submission.attempt_id)
                .await
                .unwrap()
                .len(),
            1
        );
    }

    #[tokio::test]
    async fn a_retry_waits_for_its_time_and_a_restart_frees_leases() {
        let (store, _dir) = store().await;
        submitted(&store).await;
        let mut tx = store.begin().await.unwrap();
        let job = tx.lease_job("t", at(10), at(20)).await.unwrap().unwrap();
        assert!(tx.retry_job(&job, at(50)).await.unwrap());
        assert!(tx.lease_job("t", at(49), at(60)).await.unwrap().is_none());
        assert!(tx.lease_job("t", at(50), at(1000)).await.unwrap().is_some());
        assert_eq!(tx.release_leases().await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(store.next_job_due().await.unwrap(), Some(at(50)));
        let mut tx = store.begin().await.unwrap();
        assert_eq!(
            tx.lease_job("u", at(51), at(60))
                .await
                .unwrap()
                .unwrap()
                .tries,
            3
        );
    }
}

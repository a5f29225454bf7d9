//! Sandboxes: what is wanted. What exists only the engine knows.

use sqlx::{Row, sqlite::SqliteRow};

use super::{Store, StoreError, Transaction, is_unique_violation, row};
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, LabVersionId, SandboxId, Slug, UserId},
    sandbox::{EndReason, SandboxState},
};

/// A sandbox as it is wanted.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Which.
    pub id: SandboxId,
    /// The attempt it serves.
    pub attempt_id: AttemptId,
    /// Whose.
    pub user_id: UserId,
    /// The lab's version it is made from.
    pub lab_version_id: LabVersionId,
    /// Where it is in its life.
    pub state: SandboxState,
    /// How often it was made: a reset starts the next generation.
    pub generation: u32,
    /// The graders' password for services inside.
    pub secret: String,
    /// Extensions used.
    pub extensions_used: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was first ready.
    pub ready_at: Option<Timestamp>,
    /// When it ends; known once it was ready.
    pub expires_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// What went wrong, for logs and instructors.
    pub failure: Option<String>,
}

/// The attempt has a sandbox that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlreadyLive;

fn sandbox(row: &SqliteRow) -> Result<Sandbox, StoreError> {
    Ok(Sandbox {
        id: row::parsed(row, "id")?,
        attempt_id: row::parsed(row, "attempt_id")?,
        user_id: row::parsed(row, "user_id")?,
        lab_version_id: row::parsed(row, "lab_version_id")?,
        state: row::parsed(row, "state")?,
        generation: row::count(row, "generation")?,
        secret: row.try_get("secret")?,
        extensions_used: row::count(row, "extensions_used")?,
        requested_at: row::time(row, "requested_at")?,
        ready_at: row::time_opt(row, "ready_at")?,
        expires_at: row::time_opt(row, "expires_at")?,
        ended_at: row::time_opt(row, "ended_at")?,
        end_reason: row::parsed_opt(row, "end_reason")?,
        failure: row.try_get("failure")?,
    })
}

impl Store {
    /// The sandbox of this id.
    pub async fn sandbox(&self, id: SandboxId) -> Result<Option<Sandbox>, StoreError> {
        let row = sqlx::query("SELECT * FROM sandboxes WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(sandbox).transpose()
    }

    /// The newest sandbox of an attempt, ended or not.
    pub async fn latest_sandbox(&self, attempt: AttemptId) -> Result<Option<Sandbox>, StoreError> {
        let row =
            // Not by id: one that was made in advance may be older than the one before.
            sqlx::query(
                "SELECT * FROM sandboxes WHERE attempt_id = ?
                 ORDER BY requested_at DESC, rowid DESC LIMIT 1",
            )
            .bind(attempt.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(sandbox).transpose()
    }

    /// How often machines were made for an attempt, over all its sandboxes and resets: grows with
    /// each.
    pub async fn generations_of(&self, attempt: AttemptId) -> Result<u32, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT coalesce(sum(generation), 0) FROM sandboxes WHERE attempt_id = ?",
        )
        .bind(attempt.to_string())
        .fetch_one(&self.readers)
        .await?)
    }

    /// The sandboxes that ended last, the latest first.
    pub async fn ended_sandboxes(&self, limit: u32) -> Result<Vec<Sandbox>, StoreError> {
        sqlx::query(
            "SELECT * FROM sandboxes WHERE state = 'ended' ORDER BY ended_at DESC, id DESC LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(sandbox)
        .collect()
    }

    /// The labs of which a sandbox was asked for after a moment, with the last time.
    pub async fn labs_started_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(Slug, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT v.lab AS lab, max(s.requested_at) AS last FROM sandboxes s
             JOIN lab_versions v ON v.id = s.lab_version_id
             WHERE s.requested_at > ? GROUP BY v.lab",
        )
        .bind(since.as_millis())
        .fetch_all(&self.readers)
        .await?;
        let started = |row: &SqliteRow| Ok((row::parsed(row, "lab")?, row::time(row, "last")?));
        rows.iter().map(started).collect()
    }

    /// All sandboxes that have not ended, in the order in which they were asked for.
    pub async fn live_sandboxes(&self) -> Result<Vec<Sandbox>, StoreError> {
        sqlx::query("SELECT * FROM sandboxes WHERE state <> 'ended' ORDER BY requested_at, id")
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(sandbox)
            .collect()
    }
}

impl Transaction<'_> {
    /// Asks for a sandbox.
    pub async fn insert_sandbox(
        &mut self,
        id: SandboxId,
        attempt: &super::attempts::Attempt,
        secret: &str,
        now: Timestamp,
    ) -> Result<Result<(), AlreadyLive>, StoreError> {
        let done = sqlx::query(
            "INSERT INTO sandboxes (id, attempt_id, user_id, lab_version_id, state, secret,
                                    requested_at)
             VALUES (?, ?, ?, ?, 'requested', ?, ?)",
        )
        .bind(id.to_string())
        .bind(attempt.id.to_string())
        .bind(attempt.user_id.to_string())
        .bind(attempt.lab_version_id.to_string())
        .bind(secret)
        .bind(now.as_millis())
        .execute(self.connection())
        .await;
        match done {
            Ok(_) => Ok(Ok(())),
            Err(e) if is_unique_violation(&e) => Ok(Err(AlreadyLive)),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether an attempt has a sandbox that has not ended.
    pub async fn has_live_sandbox(&mut self, attempt: AttemptId) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM sandboxes WHERE attempt_id = ? AND state <> 'ended')",
        )
        .bind(attempt.to_string())
        .fetch_one(self.connection())
        .await?)
    }

    /// How many sandboxes of a learner have not ended.
    pub async fn count_live_sandboxes_of(&mut self, user: UserId) -> Result<u32, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM sandboxes WHERE user_id = ? AND state <> 'ended'",
        )
        .bind(user.to_string())
        .fetch_one(self.connection())
        .await?)
    }

    /// Moves a sandbox from one state to the next; `false` when it is no longer there.
    pub async fn advance_sandbox(
        &mut self,
        id: SandboxId,
        generation: u32,
        from: SandboxState,
        to: SandboxState,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE sandboxes SET state = ? WHERE id = ? AND generation = ? AND state = ?",
        )
        .bind(to.as_str())
        .bind(id.to_string())
        .bind(generation)
        .bind(from.as_str())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The sandbox is ready. The countdown starts the first time; a reset does not restart it.
    pub async fn sandbox_ready(
        &mut self,
        id: SandboxId,
        generation: u32,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE sandboxes SET state = 'ready', ready_at = coalesce(ready_at, ?),
                                  expires_at = coalesce(expires_at, ?)
             WHERE id = ? AND generation = ? AND state = 'preparing'",
        )
        .bind(now.as_millis())
        .bind(expires_at.as_millis())
        .bind(id.to_string())
        .bind(generation)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Uses one of `allowed` extensions; `false` when none is left or the sandbox is not running.
    pub async fn extend_sandbox(
        &mut self,
        id: SandboxId,
        by_ms: i64,
        allowed: u8,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE sandboxes SET expires_at = expires_at + ?,
                                  extensions_used = extensions_used + 1
             WHERE id = ? AND state IN ('ready', 'paused') AND extensions_used < ?",
        )
        .bind(by_ms)
        .bind(id.to_string())
        .bind(allowed)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Starts the next generation; `false` when the sandbox has ended or is on its way already.
    pub async fn reset_sandbox(&mut self, id: SandboxId) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE sandboxes SET state = 'requested', generation = generation + 1
             WHERE id = ? AND state IN ('preparing', 'ready', 'paused')",
        )
        .bind(id.to_string())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a sandbox; `false` when it has ended before.
    pub async fn end_sandbox(
        &mut self,
        id: SandboxId,
        reason: EndReason,
        failure: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE sandboxes SET state = 'ended', end_reason = ?, failure = ?, ended_at = ?
             WHERE id = ? AND state <> 'ended'",
        )
        .bind(reason.as_str())
        .bind(failure)
        .bind(now.as_millis())
        .bind(id.to_string())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::store::{
        attempts::{Attempt, tests::an_attempt},
        testing::store,
    };

    pub(crate) async fn a_sandbox(store: &Store, attempt: &Attempt) -> SandboxId {
        let id = SandboxId::generate();
        let mut tx = store.begin().await.unwrap();
        tx.insert_sandbox(id, attempt, "secret", Timestamp::from_millis(1))
            .await
            .unwrap()
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    #[tokio::test]
    async fn an_attempt_has_one_live_sandbox_at_a_time() {
        let (store, _dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        let first = a_sandbox(&store, &attempt).await;
        let now = Timestamp::from_millis(2);
        let mut tx = store.begin().await.unwrap();
        let second = SandboxId::generate();
        assert_eq!(
            tx.insert_sandbox(second, &attempt, "s", now).await.unwrap(),
            Err(AlreadyLive)
        );
        assert_eq!(
            tx.count_live_sandboxes_of(attempt.user_id).await.unwrap(),
            1
        );
        assert!(
            tx.end_sandbox(first, EndReason::Finished, None, now)
                .await
                .unwrap()
        );
        assert!(
            !tx.end_sandbox(first, EndReason::Lost, None, now)
                .await
                .unwrap()
        );
        assert_eq!(
            tx.insert_sandbox(second, &attempt, "s", now).await.unwrap(),
            Ok(())
        );
        tx.commit().await.unwrap();
        assert_eq!(
            store.latest_sandbox(attempt.id).await.unwrap().unwrap().id,
            second
        );
        assert_eq!(store.live_sandboxes().await.unwrap().len(), 1);
        let ended = store.sandbox(first).await.unwrap().unwrap();
        assert_eq!(ended.end_reason, Some(EndReason::Finished));
    }

    #[tokio::test]
    async fn the_latest_sandbox_is_the_one_asked_for_last_however_old_its_machines_are() {
        let (store, _dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        let made_in_advance = SandboxId::generate();
        let first = a_sandbox(&store, &attempt).await;
        let now = Timestamp::from_millis(1);
        let mut tx = store.begin().await.unwrap();
        assert!(tx.has_live_sandbox(attempt.id).await.unwrap());
        tx.end_sandbox(first, EndReason::Finished, None, now)
            .await
            .unwrap();
        assert!(!tx.has_live_sandbox(attempt.id).await.unwrap());
        tx.insert_sandbox(made_in_advance, &attempt, "s", now)
            .await
            .unwrap()
            .unwrap();
        tx.commit().await.unwrap();
        let latest = store.latest_sandbox(attempt.id).await.unwrap().unwrap();
        assert_eq!(latest.id, made_in_advance);
    }

    #[tokio::test]
    async fn the_labs_in_use_are_those_started_lately() {
        let (store, _dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        a_sandbox(&store, &attempt).await;
        let at = Timestamp::from_millis;
        let used = store.labs_started_since(at(0)).await.unwrap();
        assert_eq!(used, [(attempt.lab.clone(), at(1))]);
        assert!(store.labs_started_since(at(1)).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_countdown_starts_once_and_extensions_run_out() {
        use SandboxState::{Creating, Preparing, Requested};
        let (store, _dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        let id = a_sandbox(&store, &attempt).await;
        let at = Timestamp::from_millis;
        let mut tx = store.begin().await.unwrap();
        assert!(!tx.extend_sandbox(id, 50, 1).await.unwrap());
        for generation in [1, 2] {
            assert!(
                tx.advance_sandbox(id, generation, Requested, Creating)
                    .await
                    .unwrap()
            );
            assert!(
                tx.advance_sandbox(id, generation, Creating, Preparing)
                    .await
                    .unwrap()
            );
            assert!(!tx.sandbox_ready(id, 9, at(10), at(100)).await.unwrap());
            let g = i64::from(generation);
            assert!(
                tx.sandbox_ready(id, generation, at(10 * g), at(100 * g))
                    .await
                    .unwrap()
            );
            if generation == 1 {
                assert!(tx.extend_sandbox(id, 50, 1).await.unwrap());
                assert!(!tx.extend_sandbox(id, 50, 1).await.unwrap());
                assert!(tx.reset_sandbox(id).await.unwrap());
                assert!(!tx.reset_sandbox(id).await.unwrap());
            }
        }
        tx.commit().await.unwrap();
        let sandbox = store.sandbox(id).await.unwrap().unwrap();
        assert_eq!(sandbox.expires_at, Some(at(150)));
        assert_eq!(sandbox.ready_at, Some(at(10)));
        assert_eq!(sandbox.generation, 2);
    }
}

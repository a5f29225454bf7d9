//! One learner at one lab, and the hints they opened.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Transaction, row};
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, LabVersionId, Slug, UserId},
};

/// One learner at one lab.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Which.
    pub id: AttemptId,
    /// Whose.
    pub user_id: UserId,
    /// The lab's course.
    pub course: Slug,
    /// The lab.
    pub lab: Slug,
    /// The version they work on and are graded by.
    pub lab_version_id: LabVersionId,
    /// When they first started.
    pub created_at: Timestamp,
}

fn attempt(row: &SqliteRow) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        id: row::parsed(row, "id")?,
        user_id: row::parsed(row, "user_id")?,
        course: row::parsed(row, "course")?,
        lab: row::parsed(row, "lab")?,
        lab_version_id: row::parsed(row, "lab_version_id")?,
        created_at: row::time(row, "created_at")?,
    })
}

impl Store {
    /// The attempt of this id.
    pub async fn attempt(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        let row = sqlx::query("SELECT * FROM attempts WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(attempt).transpose()
    }

    /// A learner's attempt at a lab.
    pub async fn attempt_at(
        &self,
        user: UserId,
        lab: &Slug,
    ) -> Result<Option<Attempt>, StoreError> {
        let row = sqlx::query("SELECT * FROM attempts WHERE user_id = ? AND lab = ?")
            .bind(user.to_string())
            .bind(lab.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(attempt).transpose()
    }

    /// All attempts of a learner.
    pub async fn attempts_of(&self, user: UserId) -> Result<Vec<Attempt>, StoreError> {
        sqlx::query("SELECT * FROM attempts WHERE user_id = ? ORDER BY id")
            .bind(user.to_string())
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(attempt)
            .collect()
    }

    /// How many hints of each step were opened.
    pub async fn hints_opened(&self, id: AttemptId) -> Result<BTreeMap<Slug, u32>, StoreError> {
        sqlx::query(
            "SELECT step, count(*) AS opened FROM hints_opened WHERE attempt_id = ? GROUP BY step",
        )
        .bind(id.to_string())
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| Ok((row::parsed(row, "step")?, row::count(row, "opened")?)))
        .collect()
    }
}

impl Transaction<'_> {
    /// The learner's attempt at the lab; made when there is none. An attempt without a single
    /// submission moves to the newest version, so that corrected labs reach those who start.
    pub async fn attempt_for(
        &mut self,
        user: UserId,
        course: &Slug,
        lab: &Slug,
        version: LabVersionId,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        sqlx::query(
            "INSERT INTO attempts (id, user_id, course, lab, lab_version_id, created_at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, lab) DO NOTHING",
        )
        .bind(AttemptId::generate().to_string())
        .bind(user.to_string())
        .bind(course.as_str())
        .bind(lab.as_str())
        .bind(version.to_string())
        .bind(now.as_millis())
        .execute(self.connection())
        .await?;
        sqlx::query(
            "UPDATE attempts SET lab_version_id = ?, course = ?
             WHERE user_id = ? AND lab = ?
               AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.attempt_id = attempts.id)
               AND NOT EXISTS (SELECT 1 FROM sandboxes b
                               WHERE b.attempt_id = attempts.id AND b.state <> 'ended')",
        )
        .bind(version.to_string())
        .bind(course.as_str())
        .bind(user.to_string())
        .bind(lab.as_str())
        .execute(self.connection())
        .await?;
        let row = sqlx::query("SELECT * FROM attempts WHERE user_id = ? AND lab = ?")
            .bind(user.to_string())
            .bind(lab.as_str())
            .fetch_one(self.connection())
            .await?;
        attempt(&row)
    }

    /// Opens the next hint of a step out of `total`; returns its index, or `None` when all are
    /// open.
    pub async fn open_next_hint(
        &mut self,
        id: AttemptId,
        step: &Slug,
        total: u32,
        now: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) AS opened FROM hints_opened WHERE attempt_id = ? AND step = ?",
        )
        .bind(id.to_string())
        .bind(step.as_str())
        .fetch_one(self.connection())
        .await?;
        let next = row::count(&row, "opened")?;
        if next >= total {
            return Ok(None);
        }
        sqlx::query(
            "INSERT INTO hints_opened (attempt_id, step, hint, opened_at) VALUES (?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(step.as_str())
        .bind(next)
        .bind(now.as_millis())
        .execute(self.connection())
        .await?;
        Ok(Some(next))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        domain::user::Role,
        store::{
            labs::tests::{a_lab, publish},
            testing::store,
            users::tests::a_user,
        },
    };

    /// A learner at the demo lab.
    pub(crate) async fn an_attempt(store: &Store, name: &str) -> Attempt {
        let user = a_user(store, name, Role::Student).await;
        let version = publish(store, &a_lab(), "h1").await;
        let mut tx = store.begin().await.unwrap();
        let course = "course".parse().unwrap();
        let lab = "demo".parse().unwrap();
        let now = Timestamp::from_millis(1);
        let attempt = tx
            .attempt_for(user.id, &course, &lab, version, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        attempt
    }

    #[tokio::test]
    async fn an_untouched_attempt_moves_to_the_corrected_lab() {
        let (store, _dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        let corrected = publish(&store, &a_lab(), "h2").await;
        let now = Timestamp::from_millis(2);
        let mut tx = store.begin().await.unwrap();
        let again = tx
            .attempt_for(
                attempt.user_id,
                &attempt.course,
                &attempt.lab,
                corrected,
                now,
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(again.id, attempt.id);
        assert_eq!(again.lab_version_id, corrected);
        assert_eq!(store.attempts_of(attempt.user_id).await.unwrap().len(), 1);
        assert!(
            store
                .attempt_at(attempt.user_id, &attempt.lab)
                .await
                .unwrap()
                .is_some()
        );
        assert!(store.attempt(attempt.id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn hints_open_one_after_the_other_and_stay_open() {
        let (store, _dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        let step: Slug = "one".parse().unwrap();
        let now = Timestamp::from_millis(2);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(
            tx.open_next_hint(attempt.id, &step, 2, now).await.unwrap(),
            Some(0)
        );
        assert_eq!(
            tx.open_next_hint(attempt.id, &step, 2, now).await.unwrap(),
            Some(1)
        );
        assert_eq!(
            tx.open_next_hint(attempt.id, &step, 2, now).await.unwrap(),
            None
        );
        tx.commit().await.unwrap();
        assert_eq!(store.hints_opened(attempt.id).await.unwrap()[&step], 2);
    }

    #[tokio::test]
    async fn a_lesson_is_read_once() {
        let (store, _dir) = store().await;
        let user = a_user(&store, "ada", Role::Student).await;
        let (course, lesson): (Slug, Slug) = ("c".parse().unwrap(), "l".parse().unwrap());
        let mut tx = store.begin().await.unwrap();
        for at in [1, 2] {
            let now = Timestamp::from_millis(at);
            tx.mark_lesson_read(user.id, &course, &lesson, now)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let read = store.lessons_read(user.id, &course).await.unwrap();
        assert_eq!(read.into_iter().collect::<Vec<_>>(), ["l"]);
    }
}

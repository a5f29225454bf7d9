//! Published, immutable versions of labs, with the checks that the grader reads.

use std::collections::BTreeMap;

use sqlx::{Row, sqlite::SqliteRow};

use super::{Store, StoreError, Transaction, row};
use crate::domain::{
    check::{Check, Trust},
    clock::Timestamp,
    ids::{LabVersionId, Slug},
    lab::Lab,
};

/// A version of a lab as it was published.
#[derive(Debug, Clone)]
pub struct LabVersion {
    /// Which.
    pub id: LabVersionId,
    /// The course it belongs to.
    pub course: Slug,
    /// `lab.yaml`, parsed.
    pub lab: Lab,
    /// SHA-256 of its files.
    pub content_hash: String,
    /// When it was published first.
    pub published_at: Timestamp,
}

/// A version about to be published.
#[derive(Debug)]
pub struct NewLabVersion<'a> {
    /// The course it belongs to.
    pub course: &'a Slug,
    /// `lab.yaml`, parsed.
    pub lab: &'a Lab,
    /// SHA-256 of its files.
    pub content_hash: &'a str,
    /// All files of its folder by relative path.
    pub files: &'a BTreeMap<String, Vec<u8>>,
}

fn version(row: &SqliteRow) -> Result<LabVersion, StoreError> {
    Ok(LabVersion {
        id: row::parsed(row, "id")?,
        course: row::parsed(row, "course")?,
        lab: row::json(row, "manifest")?,
        content_hash: row.try_get("content_hash")?,
        published_at: row::time(row, "published_at")?,
    })
}

impl Store {
    /// The version of this id.
    pub async fn lab_version(&self, id: LabVersionId) -> Result<Option<LabVersion>, StoreError> {
        let row = sqlx::query("SELECT * FROM lab_versions WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(version).transpose()
    }

    /// The version that new attempts at this lab get.
    pub async fn published_lab(&self, lab: &Slug) -> Result<Option<LabVersion>, StoreError> {
        let row = sqlx::query(
            "SELECT v.* FROM published_labs p JOIN lab_versions v ON v.id = p.lab_version_id
             WHERE p.lab = ?",
        )
        .bind(lab.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(version).transpose()
    }

    /// The files of a version.
    pub async fn lab_files(
        &self,
        id: LabVersionId,
    ) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        sqlx::query("SELECT path, content FROM lab_version_files WHERE lab_version_id = ?")
            .bind(id.to_string())
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| Ok((row.try_get("path")?, row.try_get("content")?)))
            .collect()
    }

    /// The checks of a step, in order, as they were published.
    pub async fn checks(&self, id: LabVersionId, step: &Slug) -> Result<Vec<Check>, StoreError> {
        sqlx::query(
            "SELECT definition FROM checks WHERE lab_version_id = ? AND step = ?
             ORDER BY position",
        )
        .bind(id.to_string())
        .bind(step.as_str())
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| row::json(row, "definition"))
        .collect()
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt(e.to_string()))
}

impl Transaction<'_> {
    /// Publishes a version: stores it unless the same files were published before, and makes it
    /// the one that new attempts get. Returns its id and whether it is new.
    pub async fn publish_lab(
        &mut self,
        new: &NewLabVersion<'_>,
        now: Timestamp,
    ) -> Result<(LabVersionId, bool), StoreError> {
        let NewLabVersion {
            course,
            lab,
            content_hash,
            files,
        } = new;
        let known = sqlx::query("SELECT id FROM lab_versions WHERE lab = ? AND content_hash = ?")
            .bind(lab.id.as_str())
            .bind(content_hash)
            .fetch_optional(self.connection())
            .await?;
        let (id, is_new) = match known {
            Some(row) => (row::parsed(&row, "id")?, false),
            None => (LabVersionId::generate(), true),
        };
        if is_new {
            sqlx::query(
                "INSERT INTO lab_versions (id, course, lab, content_hash, manifest, published_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(id.to_string())
            .bind(course.as_str())
            .bind(lab.id.as_str())
            .bind(content_hash)
            .bind(to_json(lab)?)
            .bind(now.as_millis())
            .execute(self.connection())
            .await?;
            for (path, content) in *files {
                sqlx::query(
                    "INSERT INTO lab_version_files (lab_version_id, path, content)
                     VALUES (?, ?, ?)",
                )
                .bind(id.to_string())
                .bind(path)
                .bind(content.as_slice())
                .execute(self.connection())
                .await?;
            }
            self.insert_steps(id, lab).await?;
        }
        sqlx::query(
            "INSERT INTO published_labs (lab, lab_version_id) VALUES (?, ?)
             ON CONFLICT (lab) DO UPDATE SET lab_version_id = excluded.lab_version_id",
        )
        .bind(lab.id.as_str())
        .bind(id.to_string())
        .execute(self.connection())
        .await?;
        Ok((id, is_new))
    }

    async fn insert_steps(&mut self, id: LabVersionId, lab: &Lab) -> Result<(), StoreError> {
        for (position, step) in (0_i64..).zip(&lab.steps) {
            sqlx::query("INSERT INTO steps (lab_version_id, step, position) VALUES (?, ?, ?)")
                .bind(id.to_string())
                .bind(step.id.as_str())
                .bind(position)
                .execute(self.connection())
                .await?;
            for (position, check) in (0_i64..).zip(&step.checks) {
                let trust = match check.kind.trust() {
                    Trust::Inside => "inside",
                    Trust::Artifact => "artifact",
                    Trust::Outside => "outside",
                };
                sqlx::query(
                    "INSERT INTO checks (lab_version_id, check_id, step, position, kind, trust,
                                         points, definition)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(id.to_string())
                .bind(check.id.as_str())
                .bind(step.id.as_str())
                .bind(position)
                .bind(check.kind.name())
                .bind(trust)
                .bind(check.points)
                .bind(to_json(check)?)
                .execute(self.connection())
                .await?;
            }
        }
        Ok(())
    }

    /// Withdraws labs that are no longer on disk: attempts keep their version, but nobody can
    /// start anew.
    pub async fn withdraw_labs_except(&mut self, keep: &[Slug]) -> Result<(), StoreError> {
        let rows = sqlx::query("SELECT lab FROM published_labs")
            .fetch_all(self.connection())
            .await?;
        for row in rows {
            let lab: Slug = row::parsed(&row, "lab")?;
            if !keep.contains(&lab) {
                sqlx::query("DELETE FROM published_labs WHERE lab = ?")
                    .bind(lab.as_str())
                    .execute(self.connection())
                    .await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::store::testing::store;

    /// A lab of one step with two checks.
    pub(crate) fn a_lab() -> Lab {
        serde_json::from_value(serde_json::json!({
            "id": "demo", "title": {"zh": "演示", "en": "Demo"},
            "summary": {"zh": "演示", "en": "Demo"}, "level": "beginner", "duration": "10m",
            "machines": [{"name": "desk", "image": "base", "profile": "plain"}],
            "steps": [{
                "id": "one", "title": {"zh": "一", "en": "One"}, "text": "one",
                "solution": "one.sh",
                "checks": [
                    {"id": "a", "points": 3, "title": {"zh": "甲", "en": "A"},
                     "fail": {"zh": "还没有", "en": "Not yet"}, "file": {"path": "a"}},
                    {"id": "b", "points": 7, "title": {"zh": "乙", "en": "B"},
                     "fail": {"zh": "还没有", "en": "Not yet"}, "http": {"port": 80}}
                ]
            }]
        }))
        .unwrap()
    }

    pub(crate) async fn publish(store: &Store, lab: &Lab, hash: &str) -> LabVersionId {
        let files = BTreeMap::from([("one.sh".to_owned(), vec![0, 159, 146, 150])]);
        let course = "course".parse().unwrap();
        let new = NewLabVersion {
            course: &course,
            lab,
            content_hash: hash,
            files: &files,
        };
        let mut tx = store.begin().await.unwrap();
        let (id, _) = tx
            .publish_lab(&new, Timestamp::from_millis(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    #[tokio::test]
    async fn a_version_is_stored_once_and_reads_back_whole() {
        let (store, _dir) = store().await;
        let lab = a_lab();
        let first = publish(&store, &lab, "h1").await;
        assert_eq!(publish(&store, &lab, "h1").await, first);
        let second = publish(&store, &lab, "h2").await;
        assert_ne!(second, first);
        let published = store.published_lab(&lab.id).await.unwrap().unwrap();
        assert_eq!(published.id, second);
        assert_eq!(published.lab, lab);
        assert_eq!(
            store.lab_files(first).await.unwrap()["one.sh"],
            [0, 159, 146, 150]
        );
        assert_eq!(
            store.checks(first, &lab.steps[0].id).await.unwrap(),
            lab.steps[0].checks
        );
        // Going back to the old files makes the old version current again.
        assert_eq!(publish(&store, &lab, "h1").await, first);
        assert_eq!(
            store.published_lab(&lab.id).await.unwrap().unwrap().id,
            first
        );
    }

    #[tokio::test]
    async fn a_withdrawn_lab_keeps_its_versions() {
        let (store, _dir) = store().await;
        let lab = a_lab();
        let id = publish(&store, &lab, "h1").await;
        let mut tx = store.begin().await.unwrap();
        tx.withdraw_labs_except(&[]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.published_lab(&lab.id).await.unwrap().is_none());
        assert!(store.lab_version(id).await.unwrap().is_some());
    }
}

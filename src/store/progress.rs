//! Which lessons a learner has read.

use std::collections::BTreeSet;

use super::{Store, StoreError, Transaction};
use crate::domain::{
    clock::Timestamp,
    ids::{Slug, UserId},
};

impl Store {
    /// The lessons of a course that a learner marked as read.
    pub async fn lessons_read(
        &self,
        user: UserId,
        course: &Slug,
    ) -> Result<BTreeSet<String>, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT lesson FROM lessons_read WHERE user_id = ? AND course = ?")
                .bind(user.to_string())
                .bind(course.as_str())
                .fetch_all(&self.readers)
                .await?
                .into_iter()
                .collect(),
        )
    }
}

impl Transaction<'_> {
    /// Marks a lesson as read; the first time counts.
    pub async fn mark_lesson_read(
        &mut self,
        user: UserId,
        course: &Slug,
        lesson: &Slug,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO lessons_read (user_id, course, lesson, read_at) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(user.to_string())
        .bind(course.as_str())
        .bind(lesson.as_str())
        .bind(now.as_millis())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes the mark back.
    pub async fn unmark_lesson_read(
        &mut self,
        user: UserId,
        course: &Slug,
        lesson: &Slug,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM lessons_read WHERE user_id = ? AND course = ? AND lesson = ?")
            .bind(user.to_string())
            .bind(course.as_str())
            .bind(lesson.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

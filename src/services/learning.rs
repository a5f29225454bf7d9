//! A learner's way through a course: what they read, which labs they began, how far they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Refusal, ServiceError};
use crate::{
    content::{Html, markdown, render_step},
    domain::{
        ids::{AttemptId, Slug, UserId},
        lab::Lab,
        score::Score,
        text::Locale,
    },
    store::attempts::Attempt,
};

/// How far a learner is in a course.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Lessons marked as read.
    pub lessons_read: BTreeSet<String>,
    /// Labs begun, with the points so far.
    pub labs: BTreeMap<Slug, LabProgress>,
}

/// How far a learner is in a lab.
#[derive(Debug, Clone, Copy)]
pub struct LabProgress {
    /// The attempt.
    pub attempt: AttemptId,
    /// The points so far.
    pub score: Score,
}

impl App {
    /// How far a learner is in a course.
    pub async fn progress(&self, user: UserId, course: &Slug) -> Result<Progress, ServiceError> {
        let lessons_read = self.store.lessons_read(user, course).await?;
        let mut labs = BTreeMap::new();
        for attempt in self.store.attempts_of(user).await? {
            if attempt.course == *course {
                let score = self.score(&attempt).await?;
                labs.insert(
                    attempt.lab,
                    LabProgress {
                        attempt: attempt.id,
                        score,
                    },
                );
            }
        }
        Ok(Progress { lessons_read, labs })
    }

    /// Marks a lesson as read.
    pub async fn mark_read(
        &self,
        user: UserId,
        course: &Slug,
        lesson: &Slug,
    ) -> Result<(), ServiceError> {
        let loaded = self.loaded();
        let known = loaded
            .catalog
            .course(course)
            .is_some_and(|c| c.lessons.contains_key(lesson));
        if !known {
            return Err(ServiceError::NotFound);
        }
        let mut tx = self.store.begin().await?;
        tx.mark_lesson_read(user, course, lesson, self.clock.now())
            .await?;
        Ok(tx.commit().await?)
    }

    /// Takes the mark of a lesson back.
    pub async fn mark_unread(
        &self,
        user: UserId,
        course: &Slug,
        lesson: &Slug,
    ) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        tx.unmark_lesson_read(user, course, lesson).await?;
        Ok(tx.commit().await?)
    }

    /// The learner's attempt at a lab; begun when there is none. Starts no sandbox.
    pub async fn start_attempt(&self, user: UserId, lab: &Slug) -> Result<Attempt, ServiceError> {
        let version = self
            .store
            .published_lab(lab)
            .await?
            .ok_or(Refusal::LabWithdrawn)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let attempt = tx
            .attempt_for(user, &version.course, lab, version.id, now)
            .await?;
        tx.commit().await?;
        Ok(attempt)
    }

    /// Opens the next hint of a step: its index, its text as HTML, and how many are left.
    pub async fn open_hint(
        &self,
        attempt: &Attempt,
        step: &Slug,
        locale: Locale,
    ) -> Result<(u32, Html, u32), ServiceError> {
        let version = self.lab_version(attempt.lab_version_id).await?;
        let hints = &version.lab.step(step).ok_or(ServiceError::NotFound)?.hints;
        let total = u32::try_from(hints.len()).unwrap_or(u32::MAX);
        let mut tx = self.store.begin().await?;
        let opened = tx
            .open_next_hint(attempt.id, step, total, self.clock.now())
            .await?;
        tx.commit().await?;
        let index = opened.ok_or(Refusal::NoHintLeft)?;
        let html = hint_html(&version.lab, step, index as usize, locale);
        Ok((index, html.unwrap_or_default(), total - index - 1))
    }

    /// The hints of a step that are open, as HTML.
    pub async fn opened_hints(
        &self,
        attempt: &Attempt,
        locale: Locale,
    ) -> Result<BTreeMap<Slug, Vec<Html>>, ServiceError> {
        let version = self.lab_version(attempt.lab_version_id).await?;
        let opened = self.store.hints_opened(attempt.id).await?;
        let texts = |(step, n): (Slug, u32)| {
            let html = (0..n as usize)
                .filter_map(|index| hint_html(&version.lab, &step, index, locale))
                .collect();
            (step, html)
        };
        Ok(opened.into_iter().map(texts).collect())
    }

    /// The instructions of every step of the version that an attempt works on.
    pub async fn step_texts(
        &self,
        attempt: &Attempt,
        locale: Locale,
        image_url: &(dyn Fn(&str) -> String + Sync),
    ) -> Result<BTreeMap<Slug, Html>, ServiceError> {
        let version = self.lab_version(attempt.lab_version_id).await?;
        let files = self.store.lab_files(attempt.lab_version_id).await?;
        let lab = &version.lab;
        let text = |step| render_step(&files, lab, step, locale, &|path| image_url(path));
        Ok(lab
            .steps
            .iter()
            .map(|step| (step.id.clone(), text(step)))
            .collect())
    }
}

fn hint_html(lab: &Lab, step: &Slug, index: usize, locale: Locale) -> Option<Html> {
    let text = lab.step(step)?.hints.get(index)?.get(locale);
    let prefix = format!("{step}-hint-{index}-");
    let context = markdown::Context {
        locale,
        id_prefix: &prefix,
        image: &|_| markdown::Image::Missing,
        image_url: &|path| path.to_owned(),
        machines: &lab.machines,
    };
    Some(markdown::render(text, &context).html)
}

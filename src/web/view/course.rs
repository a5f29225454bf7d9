//! The page of a course: what it is, for whom, and its outline with the learner's progress.

use askama::Template;

use super::{
    Html, Layout,
    parts::{self, ItemKind, Neighbour, Progress},
    urls,
};
use crate::domain::{ids::Slug, lab::Level, score::Score};

/// `/courses/{course}`
#[derive(Debug, Clone, Template)]
#[template(path = "course.html")]
pub struct CoursePage {
    /// The frame.
    pub layout: Layout,
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// Who teaches it.
    pub teacher: String,
    /// A few words about the teacher.
    pub teacher_bio: Option<String>,
    /// Whom it is for.
    pub audience: String,
    /// What one can do afterwards.
    pub learn: Vec<String>,
    /// The long introduction; the page folds it.
    pub introduction: Html,
    /// The outline.
    pub modules: Vec<ModuleView>,
    /// The teacher's other courses.
    pub other_courses: Vec<OtherCourseView>,
    /// What to do when in need of help.
    pub contact_text: String,
    /// An `https:` or `mailto:` address for help.
    pub contact_url: Option<String>,
    /// How far the viewer is; `None` for visitors.
    pub progress: Option<Progress>,
    /// Where to begin or go on: the first item that is not done; `None` when all are.
    pub next: Option<Neighbour>,
}

/// A module of the outline.
#[derive(Debug, Clone)]
pub struct ModuleView {
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// A few words about it.
    pub summary: String,
    /// Lessons and labs in teaching order.
    pub items: Vec<ItemView>,
}

/// A line of the outline.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// Its name in addresses.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// How long it takes, in minutes.
    pub minutes: Option<u32>,
    /// What only labs have; `None` makes it a lesson.
    pub lab: Option<LabLine>,
    /// How far the viewer is with it.
    pub state: ItemState,
}

/// What the outline says about a lab only.
#[derive(Debug, Clone)]
pub struct LabLine {
    /// How much it asks.
    pub level: Level,
    /// The best score so far (0 for who never started) out of the lab's points.
    pub score: Score,
}

/// How far the viewer is with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// Not begun, or a visitor.
    Open,
    /// A lab that was started.
    Started,
    /// A lesson marked as read; a lab with all its points.
    Done,
}

/// Another course of the same teacher.
#[derive(Debug, Clone)]
pub struct OtherCourseView {
    /// Its title.
    pub title: String,
    /// A few words about it.
    pub summary: Option<String>,
    /// Its address.
    pub url: Option<String>,
}

impl CoursePage {
    fn begun(&self) -> bool {
        self.progress.is_some_and(|p| p.done > 0)
    }

    fn lessons(&self) -> usize {
        self.count(ItemKind::Lesson)
    }

    fn labs(&self) -> usize {
        self.count(ItemKind::Lab)
    }

    fn count(&self, kind: ItemKind) -> usize {
        self.modules
            .iter()
            .flat_map(|m| &m.items)
            .filter(|i| i.kind() == kind)
            .count()
    }
}

impl ModuleView {
    fn done(&self) -> usize {
        self.items
            .iter()
            .filter(|i| i.state == ItemState::Done)
            .count()
    }
}

impl ItemView {
    const fn kind(&self) -> ItemKind {
        match self.lab {
            Some(_) => ItemKind::Lab,
            None => ItemKind::Lesson,
        }
    }

    fn url(&self, course: &Slug) -> String {
        match self.kind() {
            ItemKind::Lesson => urls::lesson(course, &self.id),
            ItemKind::Lab => urls::lab(course, &self.id),
        }
    }

    const fn class(&self) -> &'static str {
        match self.state {
            ItemState::Open => "open",
            ItemState::Started => "started",
            ItemState::Done => "done",
        }
    }

    const fn icon(&self) -> &'static str {
        match (self.state, self.kind()) {
            (ItemState::Done, _) => "done",
            (_, ItemKind::Lesson) => "lesson",
            (_, ItemKind::Lab) => "lab",
        }
    }

    const fn state_key(&self) -> &'static str {
        match self.state {
            ItemState::Open => "item-open",
            ItemState::Started => "item-started",
            ItemState::Done => "item-done",
        }
    }
}

//! A course's outline with a learner's progress.

use crate::{
    content::{LoadedCourse, LoadedItem},
    domain::{ids::Slug, score::Score, text::Locale},
    services::learning,
    web::view::{
        course::{ItemState, ItemView, LabLine, ModuleView},
        parts::{ItemKind, Neighbour, Progress},
        urls,
    },
};

/// The outline's items in teaching order, with their modules; what can't be served is left out.
fn items(course: &LoadedCourse) -> impl Iterator<Item = &LoadedItem> {
    course.modules.iter().flat_map(|module| &module.items)
}

/// How many lessons and labs can be served.
pub(super) fn counts(course: &LoadedCourse) -> (usize, usize) {
    let lessons = items(course)
        .filter(|i| matches!(i, LoadedItem::Lesson(_)))
        .count();
    let labs = items(course)
        .filter(|i| matches!(i, LoadedItem::Lab(_)))
        .count();
    (lessons, labs)
}

/// An item as a line; `None` when it can't be served.
fn line(
    course: &LoadedCourse,
    item: &LoadedItem,
    progress: Option<&learning::Progress>,
    locale: Locale,
) -> Option<ItemView> {
    match item {
        LoadedItem::Lesson(id) => {
            let lesson = course.lessons.get(id)?;
            let read = progress.is_some_and(|p| p.lessons_read.contains(id.as_str()));
            Some(ItemView {
                id: id.clone(),
                title: lesson.title.get(locale).to_owned(),
                minutes: Some(u32::from(lesson.minutes)),
                lab: None,
                state: if read {
                    ItemState::Done
                } else {
                    ItemState::Open
                },
            })
        }
        LoadedItem::Lab(id) => {
            let lab = &course.labs.get(id)?.lab;
            let begun = progress.and_then(|p| p.labs.get(id));
            let score = begun.map_or(
                Score {
                    earned: 0,
                    possible: lab.points(),
                },
                |b| b.score,
            );
            let state = match begun {
                None => ItemState::Open,
                Some(b) if b.score.is_full() => ItemState::Done,
                Some(_) => ItemState::Started,
            };
            Some(ItemView {
                id: id.clone(),
                title: lab.title.get(locale).to_owned(),
                minutes: Some(lab.duration.as_minutes()),
                lab: Some(LabLine {
                    level: lab.level,
                    score,
                }),
                state,
            })
        }
        LoadedItem::Unavailable(_) => None,
    }
}

/// The modules with their lines.
pub(super) fn modules(
    course: &LoadedCourse,
    progress: Option<&learning::Progress>,
    locale: Locale,
) -> Vec<ModuleView> {
    let module = |module: &crate::content::LoadedModule| ModuleView {
        id: module.id.clone(),
        title: module.title.get(locale).to_owned(),
        summary: module.summary.get(locale).to_owned(),
        items: module
            .items
            .iter()
            .filter_map(|item| line(course, item, progress, locale))
            .collect(),
    };
    course.modules.iter().map(module).collect()
}

/// How far a learner is.
pub(super) fn progress(modules: &[ModuleView]) -> Progress {
    let mut sum = Progress {
        done: 0,
        total: 0,
        score: Score::default(),
    };
    for item in modules.iter().flat_map(|m| &m.items) {
        sum.total += 1;
        sum.done += u32::from(item.state == ItemState::Done);
        if let Some(lab) = &item.lab {
            sum.score.earned += lab.score.earned;
            sum.score.possible += lab.score.possible;
        }
    }
    sum
}

fn neighbour(course: &Slug, item: &ItemView) -> Neighbour {
    let (kind, url) = match item.lab {
        None => (ItemKind::Lesson, urls::lesson(course, &item.id)),
        Some(_) => (ItemKind::Lab, urls::lab(course, &item.id)),
    };
    Neighbour {
        title: item.title.clone(),
        url,
        kind,
    }
}

/// Where to begin or go on.
pub(super) fn next(course: &Slug, modules: &[ModuleView]) -> Option<Neighbour> {
    let mut items = modules.iter().flat_map(|m| &m.items);
    items
        .find(|i| i.state != ItemState::Done)
        .map(|i| neighbour(course, i))
}

/// What comes before and after an item, and the title of its module.
pub(super) struct Place {
    /// The module's title.
    pub(super) module: String,
    /// What comes before.
    pub(super) previous: Option<Neighbour>,
    /// What comes after.
    pub(super) next: Option<Neighbour>,
}

/// Where an item stands in its course; `None` when it is not in the outline.
pub(super) fn place(
    course: &LoadedCourse,
    id: &Slug,
    kind: ItemKind,
    locale: Locale,
) -> Option<Place> {
    let modules = modules(course, None, locale);
    let flat: Vec<(&ModuleView, &ItemView)> = modules
        .iter()
        .flat_map(|m| m.items.iter().map(move |i| (m, i)))
        .collect();
    let is_it = |item: &ItemView| item.id == *id && item.lab.is_some() == (kind == ItemKind::Lab);
    let at = flat.iter().position(|(_, item)| is_it(item))?;
    let link = |at: usize| {
        flat.get(at)
            .map(|(_, item)| neighbour(&course.course.id, item))
    };
    Some(Place {
        module: flat.get(at)?.0.title.clone(),
        previous: at.checked_sub(1).and_then(link),
        next: link(at + 1),
    })
}

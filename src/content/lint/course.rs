//! The rules for `course.yaml`.

use std::collections::BTreeMap;

use super::{Report, texts::text};
use crate::domain::course::{Course, Item};

/// Applies every rule to a course. `folder` is the name of its folder.
pub fn check(course: &Course, folder: &str, report: &mut Report<'_>) {
    if course.id.as_str() != folder {
        report.error(
            "id-is-folder",
            "id",
            format!(
                "the id `{}` is not the name of the folder, `{folder}`",
                course.id
            ),
            format!("write `id: {folder}`, or rename the folder"),
        );
    }
    text(report, "title", &course.title);
    text(report, "summary", &course.summary);
    text(report, "audience", &course.audience);
    text(report, "teacher.name", &course.teacher.name);
    if let Some(bio) = &course.teacher.bio {
        text(report, "teacher.bio", bio);
    }
    for (n, line) in course.learn.iter().enumerate() {
        text(report, &format!("learn[{n}]"), line);
    }
    if course.learn.is_empty() {
        report.warning(
            "no-learn",
            "learn",
            "the course does not say what one learns",
            "add at least one line",
        );
    }
    text(report, "contact.text", &course.contact.text);
    if let Some(address) = &course.contact.url {
        url(report, "contact.url", address, &["https:", "mailto:"]);
    }
    for (n, other) in course.other_courses.iter().enumerate() {
        text(report, &format!("other_courses[{n}].title"), &other.title);
        if let Some(summary) = &other.summary {
            text(report, &format!("other_courses[{n}].summary"), summary);
        }
        if let Some(address) = &other.url {
            url(
                report,
                &format!("other_courses[{n}].url"),
                address,
                &["https:"],
            );
        }
    }
    outline(course, report);
}

fn outline(course: &Course, report: &mut Report<'_>) {
    if course.modules.is_empty() {
        report.error(
            "no-modules",
            "modules",
            "the course has no modules",
            "add at least one",
        );
    }
    let mut seen: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for (m, module) in course.modules.iter().enumerate() {
        let at = format!("modules[{m}]");
        text(report, &format!("{at}.title"), &module.title);
        text(report, &format!("{at}.summary"), &module.summary);
        if module.items.is_empty() {
            report.warning(
                "empty-module",
                &at,
                format!("the module `{}` is empty", module.id),
                "add a lesson or a lab, or remove the module",
            );
        }
        let mut once = |kind, id, path: String| {
            if let Some(first) = seen.get(&(kind, id)) {
                let line = report.positions.get(first).map_or(0, |(line, _)| line);
                report.error(
                    "duplicate-id",
                    &path,
                    format!("the {kind} `{id}` stands already in line {line}"),
                    format!("give each {kind} of the course its own name"),
                );
            } else {
                seen.insert((kind, id), path);
            }
        };
        once("module", module.id.as_str(), format!("{at}.id"));
        for (n, item) in module.items.iter().enumerate() {
            let path = format!("{at}.items[{n}]");
            match item {
                Item::Lesson(id) => once("lesson", id.as_str(), path),
                Item::Lab(id) => once("lab", id.as_str(), path),
            }
        }
    }
}

fn url(report: &mut Report<'_>, at: &str, address: &str, schemes: &[&str]) {
    if !schemes.iter().any(|scheme| address.starts_with(scheme))
        || address.contains(char::is_whitespace)
    {
        report.error(
            "url",
            at,
            format!("`{address}` is not an address that may stand here"),
            format!("begin it with {}", schemes.join(" or ")),
        );
    }
}

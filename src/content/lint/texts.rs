//! Texts: there, in both languages, and their blocks and images in order.

use super::{
    super::{manifest, problem::Problem, render},
    LabContext, Report,
};
use crate::domain::text::{Locale, Text};

/// The longest Markdown file, in bytes.
const MAX_MARKDOWN_BYTES: usize = 256 << 10;

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    let lab = context.lab;
    text(report, "title", &lab.title);
    text(report, "summary", &lab.summary);
    for (n, port) in lab.ports.iter().enumerate() {
        text(report, &format!("ports[{n}].title"), &port.title);
    }
    if lab.steps.is_empty() {
        report.error(
            "no-steps",
            "steps",
            "the lab has no steps",
            "add at least one",
        );
    }
    for (s, step) in lab.steps.iter().enumerate() {
        let at = format!("steps[{s}]");
        text(report, &format!("{at}.title"), &step.title);
        for (n, hint) in step.hints.iter().enumerate() {
            text(report, &format!("{at}.hints[{n}]"), hint);
        }
        if step.hints.is_empty() {
            report.warning(
                "no-hints",
                &at,
                format!("the step `{}` has no hints", step.id),
                "add at least one for learners who are stuck",
            );
        }
        if step.checks.is_empty() {
            report.warning(
                "no-checks",
                &at,
                format!(
                    "the step `{}` has no checks, so it is worth nothing",
                    step.id
                ),
                "add at least one check",
            );
        }
        for (c, check) in step.checks.iter().enumerate() {
            text(report, &format!("{at}.checks[{c}].title"), &check.title);
            text(report, &format!("{at}.checks[{c}].fail"), &check.fail);
        }
        for locale in Locale::ALL {
            instructions(context, s, locale, report);
        }
    }
}

fn instructions(context: &LabContext<'_>, step: usize, locale: Locale, report: &mut Report<'_>) {
    let Some(found) = context.lab.steps.get(step) else {
        return;
    };
    let path = format!("steps[{step}].text");
    if let Some(why) = super::super::folder::unsafe_path(&found.text) {
        // Once is enough.
        if locale == Locale::Zh {
            report.error(
                "path",
                &path,
                format!(
                    "`{}` is not a path within the lab's folder: {why}",
                    found.text
                ),
                "write the file's name without `.zh.md`, as in `publish`",
            );
        }
        return;
    }
    let name = render::step_file(found, locale);
    let shown = format!("{}/{name}", context.folder);
    if let Err(problem) = markdown_text(&shown, context.files.get(&name)) {
        report.problems.push(*problem);
        return;
    }
    let rendered =
        render::render_step_with_notes(context.files, context.lab, found, locale, &|path| {
            path.to_owned()
        });
    let notes = rendered.notes.into_iter();
    report
        .problems
        .extend(notes.map(|note| render::problem(&shown, note, 0)));
}

/// The text of a Markdown file that has to exist and say something.
pub(in super::super) fn markdown_text(
    shown: &str,
    bytes: Option<&Vec<u8>>,
) -> Result<String, Box<Problem>> {
    let language = if shown.ends_with(".zh.md") {
        "Chinese"
    } else {
        "English"
    };
    let Some(bytes) = bytes else {
        return Err(Box::new(Problem::error(
            "missing-translation",
            shown,
            format!("the {language} text does not exist"),
            "write it; every text exists in both languages",
        )));
    };
    if bytes.len() > MAX_MARKDOWN_BYTES {
        return Err(Box::new(Problem::error(
            "text-too-long",
            shown,
            format!("the text is longer than {} KiB", MAX_MARKDOWN_BYTES >> 10),
            "split it into several lessons or steps",
        )));
    }
    let text = manifest::text(shown, bytes)?;
    if render::is_blank(&text) {
        return Err(Box::new(Problem::error(
            "missing-translation",
            shown,
            format!("the {language} text is empty"),
            "write it; every text exists in both languages",
        )));
    }
    Ok(text)
}

/// Reports the halves of a text that are blank.
pub(super) fn text(report: &mut Report<'_>, path: &str, text: &Text) {
    for locale in text.missing() {
        let half = format!("{path}.{}", locale.code());
        report.error(
            "missing-translation",
            &half,
            format!(
                "the {} text of `{path}` is empty",
                match locale {
                    Locale::Zh => "Chinese",
                    Locale::En => "English",
                }
            ),
            "write it; every text exists in both languages",
        );
    }
}

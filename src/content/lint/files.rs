//! Files: what is named exists, what exists is named, scripts can run.

use std::collections::BTreeSet;

use super::{
    super::{
        folder::unsafe_path,
        markdown,
        problem::{Problem, nearest},
        render,
    },
    LabContext, Report,
};
use crate::domain::{check::CheckKind, text::Locale};

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    let lab = context.lab;
    let mut used: BTreeSet<String> = ["lab.yaml".to_owned()].into();
    let mut scripts = Vec::new();
    if let Some(setup) = &lab.setup {
        scripts.push(("setup".to_owned(), setup));
    }
    for (s, step) in lab.steps.iter().enumerate() {
        scripts.push((format!("steps[{s}].solution"), &step.solution));
        if let Some(wrong) = &step.wrong {
            scripts.push((format!("steps[{s}].wrong.script"), &wrong.script));
        }
        for (c, check) in step.checks.iter().enumerate() {
            if let CheckKind::Script(script) = &check.kind {
                scripts.push((format!("steps[{s}].checks[{c}].script.file"), &script.file));
            }
        }
    }
    for (at, path) in scripts {
        if exists(context, &at, path, report) && used.insert(path.clone()) {
            script(context, path, report);
        }
    }
    let checks = lab.steps.iter().enumerate().flat_map(|(s, step)| {
        let checks = step.checks.iter().enumerate();
        checks.map(move |(c, check)| (format!("steps[{s}].checks[{c}].go_test.files"), check))
    });
    for (at, check) in checks {
        let CheckKind::GoTest(test) = &check.kind else {
            continue;
        };
        for (target, source) in &test.files {
            let at = format!("{at}.{target}");
            if let Some(why) = unsafe_path(target) {
                report.error(
                    "path",
                    &at,
                    format!("`{target}` is not a path within the module: {why}"),
                    "write it relative to the module, as in `shop/hidden_test.go`",
                );
            }
            exists(context, &at, source, report);
            used.insert(source.clone());
        }
    }
    for (target, source) in &lab.files {
        let at = format!("files.{target}");
        if let Some(why) = unsafe_path(target) {
            report.error(
                "path",
                &at,
                format!("`{target}` is not a path within the learner's home: {why}"),
                "write it relative to the home, as in `src/main.go`",
            );
        }
        exists(context, &at, source, report);
        used.insert(source.clone());
    }
    for step in &lab.steps {
        for locale in Locale::ALL {
            used.insert(render::step_file(step, locale));
            let keep = |path: &str| path.to_owned();
            let rendered = render::render_step_with_notes(context.files, lab, step, locale, &keep);
            used.extend(rendered.images);
        }
    }
    for (path, bytes) in context.files {
        let shown = format!("{}/{path}", context.folder);
        if !used.contains(path) && path != "README.md" {
            report.problems.push(Problem::warning(
                "unused-file",
                &shown,
                "nothing refers to this file",
                "name it in lab.yaml or in a text, or remove it",
            ));
        } else if path.to_ascii_lowercase().ends_with(".svg") {
            let removed = markdown::removed_from_svg(bytes);
            report.problems.extend(svg_problem(&shown, &removed));
        }
    }
}

/// What an author is told about the parts of a diagram that do not reach the page.
pub(in super::super) fn svg_problem(shown: &str, removed: &[String]) -> Option<Problem> {
    (!removed.is_empty()).then(|| {
        Problem::warning(
            "svg-removed",
            shown,
            format!("these parts are taken out before the drawing is shown: {}", removed.join(", ")),
            "use plain shapes and text, and attributes such as `fill=\"var(--diagram-a)\"` in place of styles",
        )
    })
}

fn exists(context: &LabContext<'_>, at: &str, path: &str, report: &mut Report<'_>) -> bool {
    if let Some(why) = unsafe_path(path) {
        report.error(
            "path",
            at,
            format!("`{path}` is not a path within the lab's folder: {why}"),
            "write it relative to the folder, as in `solution/publish.sh`",
        );
        return false;
    }
    if context.files.contains_key(path) {
        return true;
    }
    let known = context.files.keys().map(String::as_str);
    report.error(
        "missing-file",
        at,
        format!("there is no file `{path}` in the lab's folder"),
        nearest(path, known).map_or_else(
            || "add it, or correct the path".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        ),
    );
    false
}

/// What keeps a shell from running a file.
fn script(context: &LabContext<'_>, path: &str, report: &mut Report<'_>) {
    let Some(bytes) = context.files.get(path) else {
        return;
    };
    let shown = format!("{}/{path}", context.folder);
    let mut error = |rule, message: &str, remedy: &str| {
        report
            .problems
            .push(Problem::error(rule, &shown, message, remedy).at_line(1));
    };
    if bytes.starts_with(b"\xef\xbb\xbf") {
        error(
            "byte-order-mark",
            "the script begins with a byte order mark, which the shell takes for a command",
            "save it as UTF-8 without a byte order mark",
        );
    }
    if bytes.windows(2).any(|pair| pair == b"\r\n") {
        error(
            "line-ends",
            "the script's lines end as on Windows (CR LF), which the shell does not understand",
            "save it with Unix line ends (LF)",
        );
    }
    if bytes.contains(&0) || std::str::from_utf8(bytes).is_err() {
        error(
            "not-utf8",
            "the script is not a text in UTF-8",
            "save it with the encoding UTF-8",
        );
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        error(
            "empty-file",
            "the script is empty",
            "write it, or remove its mention",
        );
    }
}

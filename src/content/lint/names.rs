//! Names: each once, and the lab's that of its folder.

use super::{LabContext, Report};
use crate::domain::ids::Slug;

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    let lab = context.lab;
    if lab.id != *context.id {
        report.error(
            "id-is-folder",
            "id",
            format!(
                "the id `{}` is not the name of the folder, `{}`",
                lab.id, context.id
            ),
            format!("write `id: {}`, or rename the folder", context.id),
        );
    }
    let machines = lab.machines.iter().enumerate();
    unique(
        report,
        "machine",
        machines.map(|(n, m)| (format!("machines[{n}].name"), &m.name)),
    );
    let steps = lab.steps.iter().enumerate();
    unique(
        report,
        "step",
        steps.map(|(n, s)| (format!("steps[{n}].id"), &s.id)),
    );
    let checks = lab.steps.iter().enumerate().flat_map(|(s, step)| {
        let checks = step.checks.iter().enumerate();
        checks.map(move |(c, check)| (format!("steps[{s}].checks[{c}].id"), &check.id))
    });
    unique(report, "check", checks);
}

/// Reports each name that stood before.
fn unique<'a>(
    report: &mut Report<'_>,
    what: &str,
    names: impl Iterator<Item = (String, &'a Slug)>,
) {
    let mut seen: Vec<(String, &Slug)> = Vec::new();
    for (path, name) in names {
        if let Some((first, _)) = seen.iter().find(|(_, known)| *known == name) {
            let line = report
                .positions
                .get(first)
                .map(|(line, _)| format!(" in line {line}"))
                .unwrap_or_default();
            report.error(
                "duplicate-id",
                &path,
                format!("another {what} is called `{name}` already{line}"),
                format!("give each {what} of the lab its own name"),
            );
        } else {
            seen.push((path, name));
        }
    }
}

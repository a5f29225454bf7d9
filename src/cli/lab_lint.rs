//! `slipway lab lint`: explains every mistake in the files of the courses.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use crate::{
    cli::junit::{Case, Outcome, Suite},
    content::{Catalog, Loaded, Problem, Severity},
    domain::cluster::ClusterEnvironment,
};

/// What linting found.
#[derive(Debug, Clone)]
pub struct LintResult {
    /// The problems, by file and line.
    pub problems: Vec<Problem>,
    /// The folders that were looked at: courses, and `<course>/<module>/<lab>`.
    pub looked_at: Vec<String>,
}

impl LintResult {
    /// Whether the command ends with success: no errors, and no warnings when `strict`.
    pub fn is_success(&self, strict: bool) -> bool {
        self.count(Severity::Error) == 0 && (!strict || self.count(Severity::Warning) == 0)
    }

    fn count(&self, severity: Severity) -> usize {
        self.problems
            .iter()
            .filter(|p| p.severity == severity)
            .count()
    }
}

/// Lints every course below `labs_root`; with `only`, keeps what concerns folders or files whose
/// path begins with it or that are a lab of that name.
pub fn lint(
    labs_root: &Path,
    environments: &[ClusterEnvironment],
    only: Option<&str>,
) -> LintResult {
    let Loaded { catalog, problems } = Catalog::load(labs_root, environments);
    let mut looked_at = Vec::new();
    for (id, course) in &catalog.courses {
        looked_at.push(id.to_string());
        for module in &course.course.modules {
            for item in &module.items {
                if let crate::domain::course::Item::Lab(lab) = item {
                    looked_at.push(format!("{id}/{}/{lab}", module.id));
                }
            }
        }
    }
    let concerns = |path: &str| {
        only.is_none_or(|only| {
            let only = only.trim_end_matches('/');
            let below = path.strip_prefix(only);
            let inside = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            inside || path.split('/').any(|part| part == only)
        })
    };
    LintResult {
        problems: problems.into_iter().filter(|p| concerns(&p.file)).collect(),
        looked_at: looked_at
            .into_iter()
            .filter(|path| concerns(path))
            .collect(),
    }
}

/// The report for a person.
pub fn human(result: &LintResult) -> String {
    let mut out = String::new();
    for problem in &result.problems {
        // Writing into a string can't fail.
        let _ = writeln!(out, "{problem}\n");
    }
    let labs = result
        .looked_at
        .iter()
        .filter(|path| path.contains('/'))
        .count();
    let courses = result.looked_at.len() - labs;
    let _ = writeln!(
        out,
        "{}, {}: {}, {}",
        amount(courses, "course"),
        amount(labs, "lab"),
        amount(result.count(Severity::Error), "error"),
        amount(result.count(Severity::Warning), "warning"),
    );
    out
}

fn amount(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// The report for CI: a test for each folder that was looked at, and one for each other file with
/// a problem. Errors fail a test; so do warnings when `strict`.
pub fn suite(result: &LintResult, strict: bool) -> Suite {
    let mut by_folder: BTreeMap<&str, Vec<&Problem>> = result
        .looked_at
        .iter()
        .map(|path| (path.as_str(), Vec::new()))
        .collect();
    for problem in &result.problems {
        let folder = result
            .looked_at
            .iter()
            .filter(|folder| {
                let below = problem.file.strip_prefix(folder.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|folder| folder.len())
            .map_or(problem.file.as_str(), String::as_str);
        by_folder.entry(folder).or_default().push(problem);
    }
    let cases = by_folder
        .into_iter()
        .map(|(folder, problems)| {
            let counts = |p: &&&Problem| strict || p.severity == Severity::Error;
            let failing = problems.iter().filter(counts).count();
            let details: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Case {
                name: if folder.is_empty() { "." } else { folder }.to_owned(),
                class: "slipway.lab.lint".to_owned(),
                millis: 0,
                outcome: if failing == 0 {
                    Outcome::Passed
                } else {
                    Outcome::Failed {
                        message: amount(failing, "problem"),
                        details: details.join("\n"),
                    }
                },
            }
        })
        .collect();
    Suite {
        name: "slipway lab lint".to_owned(),
        cases,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result() -> LintResult {
        LintResult {
            problems: vec![
                Problem::error("rule", "c/m/l/lab.yaml", "bad", "mend"),
                Problem::warning("rule", "c/intro.zh.md", "odd", "look"),
                Problem::error("rule", "d/course.yaml", "broken", "mend"),
            ],
            looked_at: vec!["c".to_owned(), "c/m/l".to_owned(), "c/m/k".to_owned()],
        }
    }

    #[test]
    fn each_folder_is_a_test_that_fails_with_its_own_problems() {
        let failed = |strict| {
            let cases = suite(&result(), strict).cases;
            let failed = |case: &Case| matches!(case.outcome, Outcome::Failed { .. });
            let names = cases
                .iter()
                .filter(|case| failed(case))
                .map(|c| c.name.clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(failed(false), ["c/m/l", "d/course.yaml"]);
        assert_eq!(failed(true), ["c", "c/m/l", "d/course.yaml"]);
    }

    #[test]
    fn warnings_matter_only_to_the_strict() {
        let warned = LintResult {
            problems: vec![Problem::warning("rule", "c", "odd", "look")],
            looked_at: vec![],
        };
        assert!(warned.is_success(false) && !warned.is_success(true));
        assert!(!result().is_success(false));
        assert!(human(&result()).ends_with("1 course, 2 labs: 2 errors, 1 warning\n"));
    }
}

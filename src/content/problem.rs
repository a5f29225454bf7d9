//! What is wrong with a file, where, and how to mend it.

use std::fmt;

use serde::Serialize;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The lesson, lab or course can't be served until it is mended.
    Error,
    /// It is served, but its author should look.
    Warning,
}

impl Severity {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A mistake in a file of a course, told to its author.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, relative to the folder of all courses, with `/` between its parts.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<u32>,
    /// The column, counted from 1 in characters, where one is known.
    pub column: Option<u32>,
    /// How bad it is.
    pub severity: Severity,
    /// The rule's stable name, for filters and test reports.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// An error without a position.
    pub fn error(
        rule: &'static str,
        file: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            severity: Severity::Error,
            rule,
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// A warning without a position.
    pub fn warning(
        rule: &'static str,
        file: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(rule, file, message, remedy)
        }
    }

    /// The same at a line and column.
    #[must_use]
    pub fn at(mut self, position: Option<(u32, u32)>) -> Self {
        (self.line, self.column) = position.unzip();
        self
    }

    /// The same at a line.
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.as_str(), self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        write!(f, ": {} [{}]", self.message, self.rule)?;
        write!(f, "\n    {}", self.remedy)
    }
}

/// Whether any of the problems is an error.
pub fn any_error(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.severity == Severity::Error)
}

/// The candidate that looks most like `word`, if one is near enough to have been meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of inserted, removed, replaced and swapped characters between two words (optimal
/// string alignment). Long words are cut, since nobody means those.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    let a: Vec<char> = a.chars().take(LONGEST).collect();
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// The remedy for an unknown word: the one that was probably meant, or a list of what is known.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(meant) = nearest(word, known.clone()) {
        return format!("did you mean `{meant}`?");
    }
    let known: Vec<String> = known.into_iter().map(|k| format!("`{k}`")).collect();
    if known.is_empty() {
        "nothing is known here; remove it".to_owned()
    } else {
        format!("use one of {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        assert_eq!(nearest("machins", ["machines", "title"]), Some("machines"));
        assert_eq!(nearest("tilte", ["machines", "title"]), Some("title"));
        assert_eq!(nearest("colour", ["machines", "title"]), None);
        assert_eq!(nearest(&"x".repeat(10_000), ["title"]), None);
    }

    #[test]
    fn a_problem_reads_like_a_compiler_s_message() {
        let problem = Problem::error("rule", "c/m/l/lab.yaml", "bad", "mend it").at(Some((3, 5)));
        assert_eq!(
            problem.to_string(),
            "error: c/m/l/lab.yaml:3:5: bad [rule]\n    mend it"
        );
    }
}

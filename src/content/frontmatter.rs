//! The head of a lesson's Markdown file.
//!
//! ```text
//! ---
//! title: Containers and virtual machines
//! minutes: 14
//! ---
//! ```

use serde::Deserialize;

use super::{manifest, problem::Problem};

/// The fields between the two `---` lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    /// The lesson's title in this file's language.
    pub title: String,
    /// How long reading takes, in minutes.
    pub minutes: u16,
}

/// A lesson's file in its two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<'a> {
    /// The head.
    pub front: FrontMatter,
    /// The Markdown after it.
    pub body: &'a str,
    /// How many lines of the file stand before `body`.
    pub lines_before: u32,
}

/// Splits the text of a lesson (`\n` at the ends of lines) into head and body.
pub fn split<'a>(file: &str, text: &'a str) -> Result<Split<'a>, Box<Problem>> {
    let missing = || {
        Box::new(
            Problem::error(
                "front-matter",
                file,
                "the file does not begin with a head between two lines `---`",
                "begin it with `---`, `title: …`, `minutes: …` and `---`, each on its own line",
            )
            .at_line(1),
        )
    };
    let after = text.strip_prefix("---\n").ok_or_else(missing)?;
    let end = after.find("\n---\n").ok_or_else(missing)?;
    // The first line break stands for the opening line, so that lines count as in the file.
    let head = format!("\n{}\n", after.get(..end).unwrap_or_default());
    if head.len() > manifest::MAX_BYTES {
        return Err(missing());
    }
    let front: FrontMatter = manifest::parse_text(file, &head)?.value;
    let problem = |message: &str, remedy: &str| {
        Box::new(Problem::error("front-matter", file, message, remedy).at_line(2))
    };
    if front.title.trim().is_empty() {
        return Err(problem("the title is empty", "write a title"));
    }
    if !(1..=600).contains(&front.minutes) {
        return Err(problem(
            "`minutes` is not between 1 and 600",
            "write how long reading takes",
        ));
    }
    let body = after.get(end + "\n---\n".len()..).unwrap_or_default();
    let lines_before = text.len() - body.len();
    let lines_before = text
        .get(..lines_before)
        .unwrap_or_default()
        .matches('\n')
        .count();
    Ok(Split {
        front,
        body,
        lines_before: u32::try_from(lines_before).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_body_come_apart() {
        let split = split("a.md", "---\ntitle: Hello\nminutes: 5\n---\n\n# Body\n").unwrap();
        assert_eq!(split.front.title, "Hello");
        assert_eq!(split.front.minutes, 5);
        assert_eq!(split.body, "\n# Body\n");
        assert_eq!(split.lines_before, 4);
    }

    #[test]
    fn a_file_without_a_head_says_what_to_write() {
        for text in ["", "# Body", "---\ntitle: x\n", "----\n"] {
            let problem = split("a.md", text).unwrap_err();
            assert_eq!(problem.rule, "front-matter", "{text:?}");
        }
    }

    #[test]
    fn a_mistake_in_the_head_has_the_line_of_the_file() {
        let problem = split("a.md", "---\ntitle: x\nminute: 5\n---\n").unwrap_err();
        assert_eq!((problem.rule, problem.line), ("unknown-field", Some(3)));
    }
}

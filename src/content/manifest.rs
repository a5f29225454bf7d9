//! From the YAML of an author to a parsed value, or to an explanation of what is wrong.
//!
//! Bounded: the size is checked before parsing, and depth, values, aliases and merge keys while
//! parsing, so that no file can make the server hang or swallow its memory.

use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, Options};

use super::{
    positions::Positions,
    problem::{Problem, suggestion},
};

/// The largest manifest, in bytes.
pub const MAX_BYTES: usize = 256 << 10;

/// A parsed manifest.
#[derive(Debug, Clone)]
pub struct Parsed<T> {
    /// The value.
    pub value: T,
    /// Where its parts stand.
    pub positions: Positions,
}

/// The text of a file: UTF-8, a byte order mark aside, with `\n` at the ends of lines.
pub fn text(file: &str, bytes: &[u8]) -> Result<String, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.replace("\r\n", "\n")),
        Err(e) => {
            let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = 1 + before.split(|b| *b == b'\n').count() - 1;
            Err(Problem::error(
                "not-utf8",
                file,
                "the file is not valid UTF-8",
                "save it with the encoding UTF-8",
            )
            .at_line(u32::try_from(line).unwrap_or(u32::MAX)))
        }
    }
}

/// Parses a manifest. `file` is its name in the problem.
pub fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<Parsed<T>, Box<Problem>> {
    if bytes.len() > MAX_BYTES {
        return Err(Box::new(Problem::error(
            "manifest-too-big",
            file,
            format!("the file is larger than {} KiB", MAX_BYTES >> 10),
            "keep long texts in Markdown files beside it",
        )));
    }
    parse_text(file, &text(file, bytes)?)
}

/// Parses the YAML in `yaml`, which is no longer than [`MAX_BYTES`].
pub(super) fn parse_text<T: DeserializeOwned>(
    file: &str,
    yaml: &str,
) -> Result<Parsed<T>, Box<Problem>> {
    match serde_saphyr::from_str_with_options(yaml, options()) {
        Ok(value) => Ok(Parsed {
            value,
            positions: Positions::of(yaml),
        }),
        Err(error) => Err(Box::new(explain(file, yaml, error.without_snippet()))),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            flow_nesting_limit: 16,
            max_events: 50_000,
            max_aliases: 100,
            max_anchors: 100,
            max_depth: 24,
            max_documents: 1,
            max_nodes: 25_000,
            max_total_scalar_bytes: 2 * MAX_BYTES,
            max_merge_keys: 100,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
    }
}

fn explain(file: &str, yaml: &str, error: &Error) -> Problem {
    if let Error::AliasError { error, .. } = error {
        return explain(file, yaml, error);
    }
    let at = error
        .location()
        .map(|l| (l.line(), l.column()))
        .and_then(|(line, column)| Some((line.try_into().ok()?, column.try_into().ok()?)))
        .filter(|at| *at != (0, 0));
    let positions = Positions::of(yaml);
    let path = at
        .and_then(|(line, column)| positions.path_at(line, column))
        .unwrap_or_default();
    let within = |path: &str| match path {
        "" => String::new(),
        path => format!(" in `{path}`"),
    };
    let place = within(path);
    // A missing field is told at another field beside it.
    let around = within(path.rsplit_once('.').map_or("", |(around, _)| around));
    let (rule, message, remedy) = match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => (
            "unknown-field",
            format!("`{field}` is not a field here"),
            suggestion(field, expected.iter().copied()),
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => (
            "unknown-value",
            format!("`{variant}` is not a value that may stand here"),
            suggestion(variant, expected.iter().copied()),
        ),
        Error::SerdeMissingField { field, .. } if *field == "zh" || *field == "en" => (
            "missing-translation",
            format!(
                "the text{around} has no {} half",
                if *field == "zh" {
                    "Chinese (`zh`)"
                } else {
                    "English (`en`)"
                }
            ),
            format!("add `{field}: …`; every text exists in both languages"),
        ),
        Error::SerdeMissingField { field, .. } => (
            "missing-field",
            format!("the field `{field}` is missing{around}"),
            format!("add `{field}:`"),
        ),
        Error::DuplicateMappingKey { key, .. } => (
            "duplicate-key",
            format!(
                "the key `{}` stands here twice",
                key.as_deref().unwrap_or("?")
            ),
            "remove or rename one of the two".to_owned(),
        ),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => (
            "wrong-type",
            format!("found {unexpected}{place}"),
            format!("write {expected}"),
        ),
        Error::InvalidScalar { ty, .. } => (
            "wrong-type",
            format!("the value{place} is not {}", kind(ty)),
            format!("write {}", kind(ty)),
        ),
        Error::Unexpected { expected, .. } => (
            "wrong-type",
            format!("the value{place} is not what belongs here"),
            format!("write {}", kind(expected)),
        ),
        Error::NullIntoString { .. } => (
            "wrong-type",
            format!("the value{place} is empty"),
            "write a text; quote it if it is a word such as `null` or `~`".to_owned(),
        ),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::RecursiveReferencesRequireWeakTypes { .. } => return too_complex(file, at),
        Error::Message { msg, .. } => ("invalid-value", first_line(msg), mend(msg)),
        // The scanner tells of its own limit in words only.
        other if other.to_string().contains("limit exceeded") => return too_complex(file, at),
        other => (
            "yaml-syntax",
            first_line(&other.to_string()),
            "mend the YAML: check indentation, quotes and brackets on this line and the one before"
                .to_owned(),
        ),
    };
    Problem::error(rule, file, message, remedy).at(at)
}

/// A type of the program in words.
fn kind(name: &str) -> &str {
    match name {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "i8" | "i16" | "i32" | "i64" => "a whole number, possibly negative",
        "f32" | "f64" => "a number",
        "bool" | "boolean" => "`true` or `false`",
        "string" | "string scalar" => "a text",
        "sequence" | "sequence start" => "a list",
        "mapping" | "mapping start" => "fields, each with its value",
        other => other,
    }
}

fn too_complex(file: &str, at: Option<(u32, u32)>) -> Problem {
    Problem::error(
        "manifest-too-complex",
        file,
        "the file nests too deeply, or has too many values or aliases",
        "write it plainly: no nested aliases, at most 25,000 values",
    )
    .at(at)
}

/// Our own types say in their message what to write instead; the parser's syntax errors don't.
fn mend(message: &str) -> String {
    if message.contains('`') {
        "correct the value as the message says".to_owned()
    } else {
        "mend the YAML: check indentation, quotes and brackets on this line and the one before"
            .to_owned()
    }
}

/// The first line, without the place that [`Problem`] names itself.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.rfind(" at line ").map_or(line, |end| &line[..end]);
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{course::Course, lab::Lab};

    fn problem(yaml: &str) -> Problem {
        *parse::<Lab>("lab.yaml", yaml.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut yaml = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (of, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
            let tenfold = vec![format!("*{of}"); 10].join(", ");
            yaml = format!("{yaml}{name}: &{name} [{tenfold}]\n");
        }
        let parsed = parse::<serde_json::Value>("lab.yaml", yaml.as_bytes());
        let problem = parsed.unwrap_err();
        assert_eq!(problem.rule, "manifest-too-complex", "{problem}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        for yaml in [
            "[".repeat(100_000),
            "{a: ".repeat(50_000),
            (0..300).fold(String::new(), |yaml, n| yaml + &" ".repeat(n) + "a:\n"),
            "- ".repeat(50_000),
        ] {
            let parsed = parse::<serde_json::Value>("lab.yaml", yaml.as_bytes());
            let problem = parsed.unwrap_err();
            assert_eq!(problem.rule, "manifest-too-complex", "{problem}");
        }
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        let huge = vec![b'#'; 50 << 20];
        let parsed = parse::<Course>("course.yaml", &huge);
        assert_eq!(parsed.unwrap_err().rule, "manifest-too-big");
    }

    #[test]
    fn syntax_errors_name_their_line() {
        let problem = problem("id: a\ntitle: {zh: 甲, en: A\nlevel: beginner\n");
        assert_eq!(problem.rule, "yaml-syntax");
        assert!(problem.line.is_some_and(|line| line >= 2), "{problem}");
    }

    #[test]
    fn an_unknown_field_is_named_with_the_one_that_was_meant() {
        let problem = problem("id: a\ntitel: {zh: 甲, en: A}\n");
        assert_eq!((problem.rule, problem.line), ("unknown-field", Some(2)));
        assert_eq!(problem.remedy, "did you mean `title`?");
    }

    #[test]
    fn a_missing_half_of_a_text_is_called_a_missing_translation() {
        let problem = problem("id: a\ntitle: {zh: 甲}\n");
        assert_eq!(problem.rule, "missing-translation");
        assert!(problem.message.contains("`title"), "{problem}");
    }
}

//! What is built: the learner's code, the hidden tests, and a test of ours that runs them and says
//! how each ended, in words that code which is tested can't know.
//!
//! The tested code runs in the same process as its tests, and so could print whatever a test
//! prints, or end the process with code 0. What counts is therefore neither the exit code nor the
//! output of `go test`: our test writes one line for each hidden test that has really ended, to a
//! file descriptor of its own, behind a key that is new for each run. The key stands in no file
//! that the tested code can open (the sources are gone, and were root's, before it starts) but only
//! in the program itself, in two halves; the names of our test and its variables are random. Any
//! other line on that descriptor voids the run, so that guessing by the thousand is no use either.
//!
//! Directives that could bring the hidden sources into the program (`//go:embed`) are refused.

use std::{fmt::Write as _, path::Path};

use regex::Regex;

use super::source::Source;

/// How a hidden test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
}

/// Random words of one run.
#[derive(Debug, Clone)]
pub(super) struct Words {
    /// For names in the source.
    pub(super) name: String,
    /// Two halves of the key; each 32 hexadecimal digits.
    pub(super) halves: [String; 2],
}

impl Words {
    /// Makes them of random words of letters and digits.
    pub(super) fn new(mut random: impl FnMut() -> String) -> Self {
        let mut half = || {
            let mut text = String::new();
            for byte in random().bytes().take(16) {
                // Writing into a string can't fail.
                let _ = write!(text, "{byte:02x}");
            }
            text
        };
        let halves = [half(), half()];
        Self {
            name: random(),
            halves,
        }
    }

    /// What our test writes in front of each line.
    pub(super) fn key(&self) -> String {
        let [one, two] = &self.halves;
        let digits = one.bytes().zip(two.bytes());
        digits
            .filter_map(|(a, b)| {
                let value = char::from(a).to_digit(16)? ^ char::from(b).to_digit(16)?;
                char::from_digit(value, 16)
            })
            .collect()
    }

    /// The name of our test.
    pub(super) fn test(&self) -> String {
        format!("TestSlipway{}", self.name)
    }
}

/// The source of our test.
pub(super) fn source(words: &Words, package: &str, tests: &[String]) -> String {
    let w = &words.name;
    let [one, two] = &words.halves;
    let test = words.test();
    let listed: String = tests.iter().fold(String::new(), |mut list, name| {
        let _ = writeln!(list, "\t\t{{\"{name}\", {name}}},");
        list
    });
    format!(
        "package {package}

import (
	os_{w} \"os\"
	strconv_{w} \"strconv\"
	testing_{w} \"testing\"
)

var one_{w} = \"{one}\"
var two_{w} = \"{two}\"

func {test}(t *testing_{w}.T) {{
	out := os_{w}.NewFile(3, \"results\")
	key := \"\"
	for i := range one_{w} {{
		a, _ := strconv_{w}.ParseUint(one_{w}[i:i+1], 16, 8)
		b, _ := strconv_{w}.ParseUint(two_{w}[i:i+1], 16, 8)
		key += strconv_{w}.FormatUint(a^b, 16)
	}}
	for _, hidden := range []struct {{
		name string
		test func(*testing_{w}.T)
	}}{{
{listed}	}} {{
		passed := false
		finished := t.Run(hidden.name, func(t *testing_{w}.T) {{
			t.Run(\"hidden\", func(t *testing_{w}.T) {{
				defer func() {{ passed = !t.Failed() && !t.Skipped() }}()
				hidden.test(t)
			}})
		}})
		verdict := \"failed\"
		if finished && passed {{
			verdict = \"passed\"
		}}
		out.WriteString(key + \" \" + hidden.name + \" \" + verdict + \"\\n\")
	}}
}}
"
    )
}

/// What came out of the run: how each test ended that did, or `None` when there is a line that our
/// test did not write.
pub(super) fn verdicts(
    words: &Words,
    tests: &[String],
    output: &[u8],
) -> Option<Vec<(String, Verdict)>> {
    let key = words.key();
    let text = std::str::from_utf8(output).ok()?;
    let mut found: Vec<(String, Verdict)> = Vec::new();
    for line in text.lines() {
        let (name, verdict) = line
            .strip_prefix(&key)?
            .strip_prefix(' ')?
            .split_once(' ')?;
        let verdict = match verdict {
            "passed" => Verdict::Passed,
            "failed" => Verdict::Failed,
            _ => return None,
        };
        let known = tests.iter().any(|test| test == name);
        if !known || found.iter().any(|(seen, _)| seen == name) {
            return None;
        }
        found.push((name.to_owned(), verdict));
    }
    Some(found)
}

/// The name in a Go file's package clause.
pub(super) fn package_of(source: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(source).ok()?;
    let clause = text
        .lines()
        .find_map(|line| line.strip_prefix("package "))?;
    let name = clause
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()?;
    (!name.is_empty()).then_some(name)
}

/// A file of the learner's that embeds what could be a hidden file.
pub(super) fn embeds_hidden<'s>(source: &'s Source, hidden: &[String]) -> Option<&'s str> {
    let is_go = |path: &str| Path::new(path).extension().is_some_and(|e| e == "go");
    let code = source.iter().filter(|(path, _)| is_go(path));
    for (path, content) in code {
        let text = String::from_utf8_lossy(content);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let patterns = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("//go:embed"))
            .flat_map(str::split_whitespace);
        for pattern in patterns {
            if hidden.iter().any(|file| could_match(pattern, folder, file)) {
                return Some(path);
            }
        }
    }
    None
}

/// Whether a pattern of `//go:embed`, in a file of `folder`, could take in `file`: itself, or a
/// folder around it.
fn could_match(pattern: &str, folder: &str, file: &str) -> bool {
    let file = if folder.is_empty() {
        file
    } else {
        match file
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            Some(file) => file,
            None => return false,
        }
    };
    let pattern = pattern.trim_matches(['"', '`']);
    let pattern = pattern.strip_prefix("all:").unwrap_or(pattern);
    // Whoever writes a pattern that needs escapes or classes gets no benefit of the doubt.
    if pattern.contains(['\\', '[', '"', '`']) {
        return true;
    }
    let expression = pattern
        .split('/')
        .map(|part| {
            let escaped = regex::escape(part);
            escaped.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        })
        .collect::<Vec<_>>()
        .join("/");
    // A folder is taken in with all that is below.
    Regex::new(&format!("^{expression}(/.*)?$")).map_or(true, |pattern| pattern.is_match(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let mut all = ["abcdefghijkmnopq", "2345678abcdefghi", "w0rd"]
            .into_iter()
            .cycle();
        Words::new(move || all.next().unwrap_or_default().to_owned())
    }

    fn tests() -> Vec<String> {
        vec!["TestOne".to_owned(), "TestTwo".to_owned()]
    }

    #[test]
    fn only_lines_with_the_key_count_and_any_other_voids_the_run() {
        let words = words();
        let key = words.key();
        assert_eq!(key.len(), 32);
        let judged = |output: &str| verdicts(&words, &tests(), output.as_bytes());
        let good = format!("{key} TestOne passed\n{key} TestTwo failed\n");
        assert_eq!(
            judged(&good),
            Some(vec![
                ("TestOne".to_owned(), Verdict::Passed),
                ("TestTwo".to_owned(), Verdict::Failed)
            ])
        );
        assert_eq!(judged(""), Some(vec![]));
        for forged in [
            "TestOne passed\n".to_owned(),
            "--- PASS: TestOne (0.00s)\nPASS\n".to_owned(),
            format!("{} TestOne passed\n", "0".repeat(32)),
            format!("{good}x\n"),
            format!("{key} TestOne passed\n{key} TestOne passed\n"),
            format!("{key} TestThree passed\n"),
            format!("{key} TestOne maybe\n"),
        ] {
            assert_eq!(judged(&forged), None, "{forged}");
        }
    }

    #[test]
    fn the_key_stands_in_no_source_as_it_is_written_out() {
        let words = words();
        let source = source(&words, "shop", &tests());
        assert!(source.starts_with("package shop\n"));
        assert!(source.contains("{\"TestTwo\", TestTwo},"));
        assert!(!source.contains(&words.key()));
    }

    #[test]
    fn a_package_is_named_in_its_clause() {
        assert_eq!(package_of(b"// a\n\npackage shop // b\n"), Some("shop"));
        assert_eq!(package_of(b"package shop_test;"), Some("shop_test"));
        assert_eq!(package_of(b"func main() {}"), None);
    }

    #[test]
    fn what_could_embed_a_hidden_file_is_found_and_what_could_not_is_left() {
        let hidden = ["api/hidden_test.go".to_owned()];
        for (path, directive, refused) in [
            ("main.go", "//go:embed static/*", false),
            ("main.go", "//go:embed api", true),
            ("main.go", "//go:embed all:api", true),
            ("main.go", "//go:embed *", true),
            ("main.go", "//go:embed api/*.go", true),
            ("main.go", "  //go:embed \"api/hidden_test.go\"", true),
            ("api/api.go", "//go:embed *_test.go", true),
            ("api/api.go", "//go:embed templates/*.html page.html", false),
            ("api/api.go", "//go:embed page.html [a-z]*", true),
            ("web/web.go", "//go:embed *", false),
            ("notes.txt", "//go:embed *", false),
        ] {
            let source = Source::from([(path.to_owned(), directive.as_bytes().to_vec())]);
            let found = embeds_hidden(&source, &hidden);
            assert_eq!(found.is_some(), refused, "{path}: {directive}");
        }
    }
}

//! Test reports as JUnit XML, which CI systems show.

use std::fmt::Write as _;

/// The end of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not: a line, and everything there is to say.
    Failed {
        /// The line that lists show.
        message: String,
        /// Everything there is to say.
        details: String,
    },
    /// It was left out, and why.
    Skipped(String),
}

/// A test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name within the suite.
    pub name: String,
    /// What it belongs to, with dots between the parts.
    pub class: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// Tests that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its tests in order.
    pub cases: Vec<Case>,
}

/// The report of several suites.
pub fn report(suites: &[Suite]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str("<testsuites>\n");
    for suite in suites {
        let count = |wanted: fn(&Outcome) -> bool| {
            suite
                .cases
                .iter()
                .filter(|case| wanted(&case.outcome))
                .count()
        };
        // Writing into a string can't fail.
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
            escape(&suite.name),
            suite.cases.len(),
            count(|outcome| matches!(outcome, Outcome::Failed { .. })),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
            seconds(suite.cases.iter().map(|case| case.millis).sum()),
        );
        for case in &suite.cases {
            write_case(&mut xml, case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn write_case(xml: &mut String, case: &Case) {
    let _ = write!(
        xml,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{}\"",
        escape(&case.name),
        escape(&case.class),
        seconds(case.millis),
    );
    let _ = match &case.outcome {
        Outcome::Passed => writeln!(xml, "/>"),
        Outcome::Failed { message, details } => writeln!(
            xml,
            ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
            escape(message),
            escape(details)
        ),
        Outcome::Skipped(why) => writeln!(
            xml,
            ">\n      <skipped message=\"{}\"/>\n    </testcase>",
            escape(why)
        ),
    };
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// Text for XML 1.0: characters that it can't hold at all become the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_and_escapes() {
        let case = |name: &str, outcome| Case {
            name: name.to_owned(),
            class: "course.lab".to_owned(),
            millis: 1234,
            outcome,
        };
        let failed = Outcome::Failed {
            message: "a < \"b\" & \u{1b}[31m".to_owned(),
            details: "第一行\nsecond ]]>".to_owned(),
        };
        let xml = report(&[Suite {
            name: "lint".to_owned(),
            cases: vec![
                case("one", Outcome::Passed),
                case("two", failed),
                case("three", Outcome::Skipped("no engine".to_owned())),
            ],
        }]);
        assert!(
            xml.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"3.702\"")
        );
        assert!(
            xml.contains("message=\"a &lt; &quot;b&quot; &amp; \u{fffd}[31m\""),
            "{xml}"
        );
        assert!(xml.contains("第一行\nsecond ]]&gt;</failure>"), "{xml}");
    }
}

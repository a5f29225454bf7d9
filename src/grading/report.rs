//! The result of testing a lab: a fresh sandbox must fail every check, and after the reference
//! solution of a step all checks of that step must pass.
//!
//! Pure: whoever drives the sandbox fills in the phases; here they become text and JUnit XML.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::{
    ids::Slug,
    submission::{CheckResult, Outcome},
    text::Locale,
};

use super::evidence::escape;

/// What testing one lab came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabReport {
    /// Which lab.
    pub lab: Slug,
    /// In the order in which they ran.
    pub phases: Vec<Phase>,
}

/// One part of the test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phase {
    /// Which.
    pub kind: PhaseKind,
    /// Why it could not be run as a whole (no sandbox, a solution that failed); escaped here.
    pub problem: Option<String>,
    /// What the checks came to.
    pub results: Vec<CheckResult>,
    /// How long it took, solution and checks.
    pub duration_ms: u64,
}

/// Which part of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    /// The sandbox is made and set up.
    Start,
    /// Every check of the lab in the untouched sandbox; each must fail.
    Fresh,
    /// The reference solution of this step, then the step's checks; each must pass.
    Solved(Slug),
}

impl PhaseKind {
    /// A name without spaces.
    fn id(&self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Fresh => "fresh".to_owned(),
            Self::Solved(step) => format!("solved.{step}"),
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Start => "sandbox starts".to_owned(),
            Self::Fresh => "fresh sandbox: every check fails".to_owned(),
            Self::Solved(step) => format!("step {step}: every check passes after its solution"),
        }
    }

    /// What each check must come to. In a fresh sandbox that is a plain failure: a check that
    /// can't even look would leave a learner who has just begun without an answer.
    const fn wanted(&self) -> Outcome {
        match self {
            Self::Start | Self::Solved(_) => Outcome::Passed,
            Self::Fresh => Outcome::Failed,
        }
    }
}

impl Phase {
    /// The results that are not what they must be.
    pub fn wrong(&self) -> impl Iterator<Item = &CheckResult> {
        let wanted = self.kind.wanted();
        self.results.iter().filter(move |r| r.outcome != wanted)
    }

    /// Whether the phase ran and every check came to what it must.
    pub fn is_ok(&self) -> bool {
        self.problem.is_none() && self.wrong().next().is_none()
    }
}

impl LabReport {
    /// Whether the lab is as it should be. A report without phases proves nothing.
    pub fn is_ok(&self) -> bool {
        !self.phases.is_empty() && self.phases.iter().all(Phase::is_ok)
    }

    /// For a person: one line a phase; what is wrong with its message and evidence below.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let verdict = if self.is_ok() { "ok" } else { "FAILED" };
        let took: u64 = self.phases.iter().map(|p| p.duration_ms).sum();
        let _ = writeln!(out, "{} … {verdict} ({})", self.lab, seconds(took));
        for phase in &self.phases {
            let mark = if phase.is_ok() { "✓" } else { "✗" };
            let _ = write!(out, "  {mark} {}", phase.kind.title());
            if !phase.results.is_empty() {
                let good = phase.results.len() - phase.wrong().count();
                let _ = write!(out, " ({good} of {})", phase.results.len());
            }
            let _ = writeln!(out, ", {}", seconds(phase.duration_ms));
            if let Some(problem) = &phase.problem {
                indented(&mut out, "      ", &escape(problem));
            }
            for result in phase.wrong() {
                let (wanted, seen) = (phase.kind.wanted(), result.outcome);
                let _ = writeln!(
                    out,
                    "    ✗ {}: {seen}, should be {wanted} ({})",
                    result.check,
                    seconds(result.duration_ms)
                );
                if let Some(message) = &result.message {
                    indented(&mut out, "      ", &escape(message.get(Locale::En)));
                }
                indented(&mut out, "      ", &result.evidence);
            }
        }
        out
    }
}

/// JUnit XML for several labs: a suite each, a case for each phase and each check in it.
pub fn junit(reports: &[LabReport]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = reports.iter().fold(Tally::default(), |mut all, report| {
        all.add(&Tally::of(report));
        all
    });
    let _ = writeln!(out, "<testsuites {}>", all.attributes());
    for report in reports {
        suite(&mut out, report);
    }
    out.push_str("</testsuites>\n");
    out
}

#[derive(Debug, Default)]
struct Tally {
    tests: usize,
    failures: usize,
    errors: usize,
    duration_ms: u64,
}

impl Tally {
    fn of(report: &LabReport) -> Self {
        let mut tally = Self::default();
        for phase in &report.phases {
            tally.tests += 1 + phase.results.len();
            tally.errors += usize::from(phase.problem.is_some());
            tally.failures += phase.wrong().count();
            tally.duration_ms += phase.duration_ms;
        }
        tally
    }

    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.duration_ms += other.duration_ms;
    }

    fn attributes(&self) -> String {
        let Self {
            tests,
            failures,
            errors,
            duration_ms,
        } = self;
        let time = decimal(*duration_ms);
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{time}\"")
    }
}

fn suite(out: &mut String, report: &LabReport) {
    let lab = xml(report.lab.as_str());
    let tally = Tally::of(report).attributes();
    let _ = writeln!(out, "  <testsuite name=\"{lab}\" {tally}>");
    for phase in &report.phases {
        let class = format!("{lab}.{}", xml(&phase.kind.id()));
        let checks: u64 = phase.results.iter().map(|r| r.duration_ms).sum();
        // What the checks took is theirs; the rest is the sandbox's or the solution's.
        let own = decimal(phase.duration_ms.saturating_sub(checks));
        let title = xml(&phase.kind.title());
        let _ = write!(
            out,
            "    <testcase classname=\"{class}\" name=\"{title}\" time=\"{own}\""
        );
        match &phase.problem {
            None => out.push_str("/>\n"),
            Some(problem) => {
                let first = xml(problem.lines().next().unwrap_or_default());
                let _ = writeln!(
                    out,
                    ">\n      <error message=\"{first}\">{}</error>\n    </testcase>",
                    xml(problem)
                );
            }
        }
        for result in &phase.results {
            case(out, &class, phase.kind.wanted(), result);
        }
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, class: &str, wanted: Outcome, result: &CheckResult) {
    let name = xml(result.check.as_str());
    let time = decimal(result.duration_ms);
    let _ = write!(
        out,
        "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\""
    );
    if result.outcome == wanted {
        out.push_str("/>\n");
        return;
    }
    let said = result.message.as_ref().map_or("", |m| m.get(Locale::En));
    let message = xml(&format!("{}, should be {wanted}", result.outcome));
    let _ = writeln!(
        out,
        ">\n      <failure message=\"{message}\">{}\n{}</failure>\n    </testcase>",
        xml(said),
        xml(&result.evidence)
    );
}

/// Text for XML 1.0, in attributes and elements: what is not allowed there is spelled out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn indented(out: &mut String, by: &str, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "{by}{line}");
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

fn decimal(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::text::Text;

    fn result(check: &str, outcome: Outcome, evidence: &str) -> CheckResult {
        CheckResult {
            check: check.parse().unwrap(),
            outcome,
            points: 0,
            message: (outcome != Outcome::Passed).then(|| Text::new("还没做", "Not <done> yet.")),
            evidence: evidence.to_owned(),
            duration_ms: 40,
        }
    }

    fn phase(kind: PhaseKind, results: Vec<CheckResult>) -> Phase {
        Phase {
            kind,
            problem: None,
            results,
            duration_ms: 1234,
        }
    }

    fn report(phases: Vec<Phase>) -> LabReport {
        LabReport {
            lab: "first-lab".parse().unwrap(),
            phases,
        }
    }

    #[test]
    fn a_fresh_sandbox_must_fail_plainly_and_a_solved_one_pass() {
        let solved = || PhaseKind::Solved("serve".parse().unwrap());
        for (kind, outcome, good) in [
            (PhaseKind::Fresh, Outcome::Failed, true),
            (PhaseKind::Fresh, Outcome::Passed, false),
            (PhaseKind::Fresh, Outcome::Ungradable, false),
            (PhaseKind::Fresh, Outcome::GraderError, false),
            (solved(), Outcome::Passed, true),
            (solved(), Outcome::Failed, false),
            (solved(), Outcome::Unstable, false),
        ] {
            let phase = phase(kind, vec![result("answers", outcome, "")]);
            assert_eq!(phase.is_ok(), good, "{phase:?}");
        }
        assert!(!report(vec![]).is_ok());
    }

    #[test]
    fn a_person_reads_what_is_wrong_and_why() {
        let mut start = phase(PhaseKind::Start, vec![]);
        start.problem = Some("no image\u{1b}[2J".to_owned());
        let report = report(vec![
            phase(
                PhaseKind::Fresh,
                vec![result("answers", Outcome::Failed, "x")],
            ),
            phase(
                PhaseKind::Solved("serve".parse().unwrap()),
                vec![
                    result("answers", Outcome::Failed, "status: 404\nbody: 0 bytes"),
                    result("builds", Outcome::Passed, ""),
                ],
            ),
            start,
        ]);
        insta::assert_snapshot!(report.render(), @r"
        first-lab … FAILED (3.7 s)
          ✓ fresh sandbox: every check fails (1 of 1), 1.2 s
          ✗ step serve: every check passes after its solution (1 of 2), 1.2 s
            ✗ answers: failed, should be passed (0.0 s)
              Not <done> yet.
              status: 404
              body: 0 bytes
          ✗ sandbox starts, 1.2 s
              no image\u{1b}[2J
        ");
    }

    #[test]
    fn junit_counts_and_escapes() {
        let mut start = phase(PhaseKind::Start, vec![]);
        start.problem = Some("\"no\" & <never>\nsecond line".to_owned());
        let report = report(vec![
            start,
            phase(
                PhaseKind::Fresh,
                vec![
                    result("answers", Outcome::Failed, ""),
                    result("builds", Outcome::Passed, "]]> \u{0} <b>"),
                ],
            ),
        ]);
        insta::assert_snapshot!(junit(&[report]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="4" failures="1" errors="1" time="2.468">
          <testsuite name="first-lab" tests="4" failures="1" errors="1" time="2.468">
            <testcase classname="first-lab.start" name="sandbox starts" time="1.234">
              <error message="&quot;no&quot; &amp; &lt;never&gt;">&quot;no&quot; &amp; &lt;never&gt;
        second line</error>
            </testcase>
            <testcase classname="first-lab.fresh" name="fresh sandbox: every check fails" time="1.154"/>
            <testcase classname="first-lab.fresh" name="answers" time="0.040"/>
            <testcase classname="first-lab.fresh" name="builds" time="0.040">
              <failure message="passed, should be failed">
        ]]&gt; \u{0} &lt;b&gt;</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_is_allowed_in_xml(text in any::<String>()) {
            let escaped = xml(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let allowed =
                |c| c == '\n' || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
            prop_assert!(escaped.chars().all(allowed));
        }
    }
}

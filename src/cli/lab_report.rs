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

use super::junit::{self, Case, Suite};
use crate::grading::escape;

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

/// The report for CI: a test for each phase and each check in it.
pub fn suite(report: &LabReport) -> Suite {
    let cases = report.phases.iter().flat_map(|phase| {
        let class = format!("{}.{}", report.lab, phase.kind.id());
        let checks: u64 = phase.results.iter().map(|r| r.duration_ms).sum();
        let whole = Case {
            name: phase.kind.title(),
            class: class.clone(),
            // What the checks took is theirs; the rest is the sandbox's or the solution's.
            millis: phase.duration_ms.saturating_sub(checks),
            outcome: phase
                .problem
                .as_ref()
                .map_or(junit::Outcome::Passed, |problem| junit::Outcome::Failed {
                    message: problem.lines().next().unwrap_or_default().to_owned(),
                    details: problem.clone(),
                }),
        };
        let wanted = phase.kind.wanted();
        let checks = phase
            .results
            .iter()
            .map(move |result| case(class.clone(), wanted, result));
        std::iter::once(whole).chain(checks)
    });
    Suite {
        name: report.lab.to_string(),
        cases: cases.collect(),
    }
}

fn case(class: String, wanted: Outcome, result: &CheckResult) -> Case {
    let outcome = if result.outcome == wanted {
        junit::Outcome::Passed
    } else {
        let said = result.message.as_ref().map_or("", |m| m.get(Locale::En));
        junit::Outcome::Failed {
            message: format!("{}, should be {wanted}", result.outcome),
            details: format!("{said}\n{}", result.evidence),
        }
    };
    Case {
        name: result.check.to_string(),
        class,
        millis: result.duration_ms,
        outcome,
    }
}

fn indented(out: &mut String, by: &str, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "{by}{line}");
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
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
    fn ci_sees_a_case_for_each_phase_and_check() {
        let mut start = phase(PhaseKind::Start, vec![]);
        start.problem = Some("no image\nsecond line".to_owned());
        let results = vec![
            result("answers", Outcome::Failed, ""),
            result("builds", Outcome::Passed, "it was there"),
        ];
        let suite = suite(&report(vec![start, phase(PhaseKind::Fresh, results)]));
        let names: Vec<_> = suite.cases.iter().map(|c| c.class.as_str()).collect();
        let fresh = "first-lab.fresh";
        assert_eq!(names, ["first-lab.start", fresh, fresh, fresh]);
        let failed: Vec<_> = suite
            .cases
            .iter()
            .filter_map(|c| match &c.outcome {
                junit::Outcome::Failed { message, .. } => Some(message.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(failed, ["no image", "passed, should be failed"]);
        // What the checks took is not counted twice.
        assert_eq!(suite.cases[1].millis, 1234 - 80);
    }
}

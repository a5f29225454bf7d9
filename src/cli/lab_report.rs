//! The result of testing a lab: a fresh sandbox must fail every check, after the reference solution
//! of a step all checks of that step must pass, and after a wrong one the checks that its author
//! names must fail with the texts that they name.
//!
//! Pure: whoever drives the sandbox fills in the phases; here they become text and JUnit XML.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

use crate::domain::{
    check::Check,
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
    pub results: Vec<Judged>,
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
    /// In a fresh sandbox with the steps before solved, the wrong solution of this step; the checks
    /// that it names must fail.
    Wrong(Slug),
}

/// What a check came to, and what it should have come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// What it came to.
    pub result: CheckResult,
    /// What is wrong with that: `passed, should be failed`.
    pub fault: Option<String>,
}

impl Judged {
    /// The result of a check that must come to `wanted`.
    pub fn wanted(wanted: Outcome, result: CheckResult) -> Self {
        let seen = result.outcome;
        let fault = (seen != wanted).then(|| format!("{seen}, should be {wanted}"));
        Self { result, fault }
    }

    /// The results of a step's checks after its wrong solution, of which those in `fails` must fail
    /// with the text of that key.
    pub fn told(
        fails: &BTreeMap<Slug, String>,
        checks: &[Check],
        results: Vec<CheckResult>,
    ) -> Vec<Self> {
        let judge = |result: CheckResult| {
            let Some(wanted) = fails.get(&result.check) else {
                return Self {
                    result,
                    fault: None,
                };
            };
            let judged = Self::wanted(Outcome::Failed, result);
            if judged.fault.is_some() {
                return judged;
            }
            let check = checks.iter().find(|check| check.id == judged.result.check);
            let message = judged.result.message.as_ref();
            let said = check
                .zip(message)
                .and_then(|(check, message)| check.said(message));
            let fault = (said != Some(wanted)).then(|| {
                let said = said.unwrap_or("neither its `fail` nor one of its `messages`");
                format!("failed with the text `{said}`, should be `{wanted}`")
            });
            Self { fault, ..judged }
        };
        results.into_iter().map(judge).collect()
    }
}

impl PhaseKind {
    /// A name without spaces.
    fn id(&self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Fresh => "fresh".to_owned(),
            Self::Solved(step) => format!("solved.{step}"),
            Self::Wrong(step) => format!("wrong.{step}"),
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Start => "sandbox starts".to_owned(),
            Self::Fresh => "fresh sandbox: every check fails".to_owned(),
            Self::Solved(step) => format!("step {step}: every check passes after its solution"),
            Self::Wrong(step) => format!("step {step}: its wrong solution fails as described"),
        }
    }
}

impl Phase {
    /// The results that are not what they must be.
    pub fn wrong(&self) -> impl Iterator<Item = (&CheckResult, &str)> {
        let faults = self.results.iter();
        faults.filter_map(|judged| Some((&judged.result, judged.fault.as_deref()?)))
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

    /// How long it took, in milliseconds.
    pub fn took_ms(&self) -> u64 {
        self.phases.iter().map(|p| p.duration_ms).sum()
    }

    /// For a person: one line a phase; what is wrong with its message and evidence below.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let verdict = if self.is_ok() { "ok" } else { "FAILED" };
        let took = seconds(self.took_ms());
        let _ = writeln!(out, "{} … {verdict} ({took})", self.lab);
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
            for (result, fault) in phase.wrong() {
                let _ = writeln!(
                    out,
                    "    ✗ {}: {fault} ({})",
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
        let checks: u64 = phase.results.iter().map(|r| r.result.duration_ms).sum();
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
        let checks = phase
            .results
            .iter()
            .map(move |judged| case(class.clone(), judged));
        std::iter::once(whole).chain(checks)
    });
    Suite {
        name: report.lab.to_string(),
        cases: cases.collect(),
    }
}

fn case(class: String, judged: &Judged) -> Case {
    let Judged { result, fault } = judged;
    let outcome = match fault {
        None => junit::Outcome::Passed,
        Some(fault) => {
            let said = result.message.as_ref().map_or("", |m| m.get(Locale::En));
            junit::Outcome::Failed {
                message: fault.clone(),
                details: format!("{said}\n{}", result.evidence),
            }
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

pub(super) fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{check::FAIL, text::Text};

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
        let wanted = if kind == PhaseKind::Fresh {
            Outcome::Failed
        } else {
            Outcome::Passed
        };
        let judged = |result| Judged::wanted(wanted, result);
        let results = results.into_iter().map(judged).collect();
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
    fn a_wrong_solution_must_fail_what_it_names_with_the_text_it_names() {
        let check: Check = serde_saphyr::from_str(
            "id: answers\npoints: 1\ntitle: {zh: 题, en: T}\nfail: {zh: 还没做, en: Not <done> yet.}\n\
             messages: {status: {zh: 还没做完, en: 'Not <done> yet. Nor here.'}}\nhttp: {port: 80}",
        )
        .unwrap();
        let told = |key: &str, message: Option<Text>, outcome| {
            let fails = BTreeMap::from([("answers".parse().unwrap(), key.to_owned())]);
            let mut result = result("answers", outcome, "");
            result.message = message;
            let others = self::result("builds", Outcome::Passed, "");
            let judged = Judged::told(&fails, std::slice::from_ref(&check), vec![others, result]);
            assert_eq!(judged[0].fault, None);
            judged[1].fault.clone()
        };
        let plain = Some(Text::new("还没做。看到了。", "Not <done> yet. Seen."));
        let fine = Some(Text::new(
            "还没做完。看到了。",
            "Not <done> yet. Nor here. Seen.",
        ));
        let failed = Outcome::Failed;
        assert_eq!(told(FAIL, plain.clone(), failed), None);
        assert_eq!(told("status", fine.clone(), failed), None);
        let swapped = told(FAIL, fine, failed).unwrap();
        assert_eq!(swapped, "failed with the text `status`, should be `fail`");
        assert!(told("status", plain.clone(), failed).is_some());
        assert!(told(FAIL, None, failed).is_some());
        assert_eq!(
            told(FAIL, None, Outcome::Passed).unwrap(),
            "passed, should be failed"
        );
        assert!(told(FAIL, plain, Outcome::Unstable).is_some());
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

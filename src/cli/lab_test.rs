//! `slipway lab test`: drives each lab through the same services as a learner does.

use std::{path::Path, process::ExitCode};

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    junit,
    lab_choice::Choice,
    lab_report::{self, Judged, LabReport, Phase, PhaseKind, seconds},
    rehearsal::{Desk, Stage, begin, until_ready},
};
use crate::{
    config::Config,
    domain::{ids::Slug, lab::Step, submission::Outcome},
    grading::{Context, LabFiles, Nonces, Pace, Sampling, run_check},
    lifecycle::{StartError, start_background},
    services::{App, ServiceError, grading::SandboxMachines},
    store::{attempts::Attempt, labs::LabVersion},
};

/// Proves the labs that are chosen.
pub(super) async fn run(
    config: Config,
    choice: &Choice,
    junit_file: Option<&Path>,
    jobs: usize,
) -> Result<ExitCode, StartError> {
    let stage = Stage::set(config, jobs.max(1)).await?;
    let started = Instant::now();
    let outcome = prove(&stage.app, choice, jobs.max(1)).await;
    stage.clear().await;
    let reports = outcome?;
    for report in &reports {
        print!("{}", report.render());
    }
    if let Some(file) = junit_file {
        let suites: Vec<_> = reports.iter().map(lab_report::suite).collect();
        std::fs::write(file, junit::report(&suites))?;
    }
    let passed = reports.iter().filter(|r| r.is_ok()).count();
    println!(
        "{passed} passed, {} failed, {} in all",
        reports.len() - passed,
        seconds(millis(started))
    );
    Ok(if passed == reports.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn prove(app: &App, choice: &Choice, jobs: usize) -> Result<Vec<LabReport>, StartError> {
    app.publish_labs().await?;
    let labs = choice.of(app)?;
    start_background(app).await?;
    let reports: Vec<_> = stream::iter(labs.into_iter().map(|lab| {
        let app = app.clone();
        async move {
            let report = prove_lab(&app, lab).await;
            eprintln!(
                "{}: {} ({})",
                report.lab,
                if report.is_ok() { "ok" } else { "FAILED" },
                seconds(report.took_ms())
            );
            report
        }
    }))
    .buffered(jobs)
    .collect()
    .await;
    Ok(reports)
}

async fn prove_lab(app: &App, lab: Slug) -> LabReport {
    let mut phases = Vec::new();
    if let Err(problem) = prove_phases(app, &lab, &mut phases).await {
        let kind = if phases.is_empty() {
            PhaseKind::Start
        } else {
            PhaseKind::Fresh
        };
        let problem = Some(problem.to_string());
        phases.push(Phase {
            kind,
            problem,
            results: Vec::new(),
            duration_ms: 0,
        });
    }
    LabReport { lab, phases }
}

fn phase(
    kind: PhaseKind,
    started: Instant,
    problem: Option<String>,
    results: Vec<Judged>,
) -> Phase {
    Phase {
        kind,
        problem,
        results,
        duration_ms: millis(started),
    }
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn prove_phases(app: &App, lab: &Slug, phases: &mut Vec<Phase>) -> Result<(), ServiceError> {
    let started = Instant::now();
    let attempt = begin(app, lab).await?;
    let sandbox = match until_ready(app, &attempt).await {
        Ok(sandbox) => sandbox,
        Err(problem) => {
            phases.push(phase(PhaseKind::Start, started, Some(problem), Vec::new()));
            return Ok(());
        }
    };
    phases.push(phase(PhaseKind::Start, started, None, Vec::new()));

    let version = app.lab_version(attempt.lab_version_id).await?;
    let files = app.store.lab_files(attempt.lab_version_id).await?;
    let machines = SandboxMachines::new(app, &sandbox);
    let context = Context {
        machines: &machines,
        lab: &version.lab,
        files: &files,
        nonces: &Nonces::from_os(),
        pace: Pace::default(),
    };
    let started = Instant::now();
    let mut results = Vec::new();
    for check in version.lab.steps.iter().flat_map(|s| &s.checks) {
        let result = run_check(&context, check, Sampling::Once).await;
        // A plain failure: a check that can't even look would leave a learner who has just begun
        // without an answer.
        results.push(Judged::wanted(Outcome::Failed, result));
    }
    phases.push(phase(PhaseKind::Fresh, started, None, results));

    let desk = Desk::new(app, &attempt, &sandbox, &version, &files);
    for step in &version.lab.steps {
        let started = Instant::now();
        let (problem, results) = match desk.hand_in(step, &step.solution).await {
            Err(problem) => (Some(problem), Vec::new()),
            Ok(results) => {
                let passed = |result| Judged::wanted(Outcome::Passed, result);
                (None, results.into_iter().map(passed).collect())
            }
        };
        let kind = PhaseKind::Solved(step.id.clone());
        phases.push(phase(kind, started, problem, results));
    }
    app.finish_sandbox(&attempt).await?;

    for step in version.lab.steps.iter().filter(|s| s.wrong.is_some()) {
        let started = Instant::now();
        let attempt = begin(app, lab).await?;
        let (problem, results) = match err_wrongly(app, &attempt, &version, &files, step).await {
            Err(problem) => (Some(problem), Vec::new()),
            Ok(results) => (None, results),
        };
        let kind = PhaseKind::Wrong(step.id.clone());
        phases.push(phase(kind, started, problem, results));
        app.finish_sandbox(&attempt).await?;
    }
    Ok(())
}

/// Solves the steps before, hands in the step's wrong solution, and compares what the learner is
/// told.
async fn err_wrongly(
    app: &App,
    attempt: &Attempt,
    version: &LabVersion,
    files: &LabFiles,
    step: &Step,
) -> Result<Vec<Judged>, String> {
    let wrong = step.wrong.as_ref().ok_or("there is no wrong solution")?;
    let sandbox = until_ready(app, attempt).await?;
    let desk = Desk::new(app, attempt, &sandbox, version, files);
    for before in version.lab.steps.iter().take_while(|s| s.id != step.id) {
        desk.run(&before.solution)
            .await
            .map_err(|problem| format!("step {}: {problem}", before.id))?;
    }
    let results = desk.hand_in(step, &wrong.script).await?;
    Ok(Judged::told(&wrong.fails, &step.checks, results))
}

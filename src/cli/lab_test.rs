//! `slipway lab test`: drives each lab through the same services as a learner does, in a database
//! and under a name on the engine of its own.

use std::{path::Path, process::ExitCode, time::Duration};

use futures_util::{StreamExt as _, stream};
use slipway_agent::protocol::{ExecRequest, RunAs};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    junit,
    lab_choice::Choice,
    lab_report::{self, Judged, LabReport, Phase, PhaseKind, seconds},
};
use crate::{
    auth::token,
    config::Config,
    domain::{
        ids::{Slug, UserId},
        lab::{Lab, Step},
        sandbox::SandboxState,
        submission::{CheckResult, Outcome, SubmissionState},
        user::{Role, User},
    },
    grading::{Context, LabFiles, Nonces, Pace, Sampling, run_check},
    lifecycle::{StartError, assemble, shut_down, start_background},
    services::{App, ServiceError, describe_outcome, events::Event, grading::SandboxMachines},
    store::{attempts::Attempt, labs::LabVersion, sandboxes::Sandbox},
};

/// How long images may take to be built and a sandbox to be ready.
const READY_TIMEOUT: Duration = Duration::from_mins(30);
/// How long a reference solution may take.
const SOLUTION_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a submission may take to be graded.
const GRADED_TIMEOUT: Duration = Duration::from_mins(6);

/// Proves the labs that are chosen.
pub(super) async fn run(
    config: Config,
    choice: &Choice,
    junit_file: Option<&Path>,
    jobs: usize,
) -> Result<ExitCode, StartError> {
    let folder = tempfile_dir()?;
    let config = Config {
        data_dir: folder.clone(),
        max_sandboxes: jobs.max(1),
        max_sandboxes_per_learner: 1,
        ..config
    };
    let app = assemble(config).await?;
    let started = Instant::now();
    let outcome = prove(&app, choice, jobs.max(1)).await;
    remove_all(&app).await;
    shut_down(&app).await;
    // Only a folder of this run's own making.
    let _ = std::fs::remove_dir_all(&folder);
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

fn tempfile_dir() -> Result<std::path::PathBuf, StartError> {
    let mut name = token::generate().map_err(ServiceError::from)?;
    name.truncate(12);
    let dir = std::env::temp_dir().join(format!("slipway-lab-test-{name}"));
    std::fs::create_dir(&dir)?;
    Ok(dir)
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

/// Leaves nothing on the engine, whatever happened before.
async fn remove_all(app: &App) {
    match app.engine.observe().await {
        Ok(observed) => {
            for sandbox in observed {
                if let Err(error) = app.engine.remove(sandbox.id).await {
                    eprintln!("sandbox {} can't be removed: {error}", sandbox.id);
                }
            }
        }
        Err(error) => eprintln!("the engine can't be tidied: {error}"),
    }
    if let Err(error) = app.remove_mirror().await {
        eprintln!("the class mirror can't be removed: {error}");
    }
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

/// A learner of the test's own, at the lab.
async fn begin(app: &App, lab: &Slug) -> Result<Attempt, ServiceError> {
    let id = UserId::generate();
    let name = format!("lab-test-{}", &id.to_string()[24..]);
    let user = User {
        id,
        username: name
            .parse()
            .map_err(|_| ServiceError::Internal("user name".into()))?,
        role: Role::Student,
        created_at: app.clock.now(),
    };
    let mut tx = app.store.begin().await?;
    // No password fits this hash: nobody can sign in.
    let made = tx.insert_user(&user, "!").await?;
    tx.commit().await?;
    made.map_err(|_| ServiceError::Internal("two learners of one name".into()))?;
    let attempt = app.start_attempt(user.id, lab).await?;
    app.start_sandbox(&attempt).await?;
    Ok(attempt)
}

/// Waits until the sandbox is ready. Its turn in the queue takes as long as those before it; what
/// is bounded is everything after.
async fn until_ready(app: &App, attempt: &Attempt) -> Result<Sandbox, String> {
    let mut events = app.events.subscribe(attempt.id);
    let mut until = Instant::now() + READY_TIMEOUT;
    loop {
        let sandbox = app
            .store
            .latest_sandbox(attempt.id)
            .await
            .map_err(|e| e.to_string())?;
        let sandbox = sandbox.ok_or("the sandbox vanished")?;
        match sandbox.state {
            SandboxState::Ready => return Ok(sandbox),
            SandboxState::Ended => {
                return Err(sandbox
                    .failure
                    .unwrap_or_else(|| "the sandbox ended".to_owned()));
            }
            SandboxState::Queued => until = Instant::now() + READY_TIMEOUT,
            _ => {}
        }
        // A lagging receiver has missed news; the state is read anew either way.
        let news = timeout_at(until, events.recv()).await;
        if news.is_err() && sandbox.state != SandboxState::Queued {
            return Err("the sandbox was not ready in time".to_owned());
        }
    }
}

/// Where solutions are run and handed in.
struct Desk<'a> {
    app: &'a App,
    attempt: &'a Attempt,
    sandbox: &'a Sandbox,
    lab: &'a Lab,
    files: &'a LabFiles,
}

impl<'a> Desk<'a> {
    fn new(
        app: &'a App,
        attempt: &'a Attempt,
        sandbox: &'a Sandbox,
        version: &'a LabVersion,
        files: &'a LabFiles,
    ) -> Self {
        Self {
            app,
            attempt,
            sandbox,
            lab: &version.lab,
            files,
        }
    }

    /// Runs a script of the lab's folder as the learner and submits the step.
    async fn hand_in(&self, step: &Step, script: &str) -> Result<Vec<CheckResult>, String> {
        self.run(script).await?;
        grade(self.app, self.attempt, step).await
    }

    async fn run(&self, name: &str) -> Result<(), String> {
        let missing = || format!("the file `{name}` is missing");
        let script = self.files.get(name).ok_or_else(missing)?;
        let desk = self.lab.machines.first().ok_or("the lab has no machine")?;
        let agent = self
            .app
            .agents
            .get(self.sandbox.id, self.sandbox.generation, &desk.name)
            .await
            .map_err(|e| e.to_string())?;
        let argv = [
            "/bin/bash",
            "-c",
            "exec /bin/bash \"$SLIPWAY_DIR/solution.sh\"",
        ];
        let mut request = ExecRequest::new(RunAs::Learner, argv)
            .file("solution.sh", 0o500, script.as_slice())
            .timeout(SOLUTION_TIMEOUT)
            // Services that a solution starts must live on.
            .keep_leftovers();
        request.login_env = true;
        let outcome = agent.exec(&request).await.map_err(|e| e.to_string())?;
        if outcome.succeeded() {
            Ok(())
        } else {
            Err(format!("`{name}` {}", describe_outcome(&outcome)))
        }
    }
}

async fn grade(app: &App, attempt: &Attempt, step: &Step) -> Result<Vec<CheckResult>, String> {
    let mut events = app.events.subscribe(attempt.id);
    let key = token::generate().map_err(|e| e.to_string())?;
    let submitted = app
        .submit(attempt, &step.id, &key)
        .await
        .map_err(|e| e.to_string())?
        .submission;
    let graded = async {
        loop {
            let view = app
                .submission(attempt, submitted.id)
                .await
                .map_err(|e| e.to_string())?;
            match view.submission.state {
                SubmissionState::Queued | SubmissionState::Grading => {
                    while let Ok(event) = events.recv().await {
                        if matches!(event, Event::Submission(id) if id == submitted.id) {
                            break;
                        }
                    }
                }
                SubmissionState::Graded
                | SubmissionState::Ungradable
                | SubmissionState::GraderError => return Ok(view.results),
            }
        }
    };
    timeout(GRADED_TIMEOUT, graded)
        .await
        .unwrap_or_else(|_| Err("the submission was not graded in time".to_owned()))
}

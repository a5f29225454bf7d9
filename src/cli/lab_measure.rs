//! `slipway lab measure`: what labs need, looked at in real sandboxes, one after the other, since
//! sandboxes side by side would slow each other down.

use std::process::ExitCode;

use tokio::time::timeout;

use super::{
    lab_choice::Choice,
    lab_needs::{Needs, Report},
    rehearsal::{Desk, READY_TIMEOUT, Stage, begin, until_ready},
};
use crate::{
    config::Config,
    content::LoadedLab,
    domain::{
        ids::Slug,
        measurement::{Host, Measurement},
        submission::Outcome,
    },
    lifecycle::{StartError, assemble, shut_down, start_background},
    services::{App, ServiceError},
    store::{attempts::Attempt, sandboxes::Sandbox},
};

/// How the figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// For people.
    Table,
    /// For documents.
    Markdown,
    /// For programs.
    Json,
}

/// Measures the labs that are chosen, in the order in which the course has them.
pub(super) async fn run(
    config: Config,
    choice: &Choice,
    shape: Shape,
    save: bool,
) -> Result<ExitCode, StartError> {
    // The sandboxes are made beside the server, the figures go into its database.
    let server = if save {
        Some(assemble(config.clone()).await?)
    } else {
        None
    };
    let stage = Stage::set(config, 1).await?;
    let mut report = Report::default();
    let outcome = tokio::select! {
        outcome = measure_all(&stage.app, server.as_ref(), choice, &mut report) => outcome,
        // What was measured so far is printed, and no machine is left behind.
        _ = tokio::signal::ctrl_c() => Err(StartError::Usage("interrupted".to_owned())),
    };
    stage.clear().await;
    if let Some(server) = server {
        shut_down(&server).await;
    }
    if !report.labs.is_empty() {
        print!(
            "{}",
            match shape {
                Shape::Table => report.table(),
                Shape::Markdown => report.markdown(),
                Shape::Json => report.json(),
            }
        );
    }
    outcome?;
    Ok(if report.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn measure_all(
    app: &App,
    server: Option<&App>,
    choice: &Choice,
    report: &mut Report,
) -> Result<(), StartError> {
    app.publish_labs().await?;
    let chosen = choice.of(app)?;
    start_background(app).await?;
    let host = app.measuring_host().await.map_err(ServiceError::from)?;
    report.host = Some(host.clone());
    let loaded = app.loaded();
    let in_order: Vec<&LoadedLab> = loaded
        .catalog
        .labs_in_order()
        .filter(|lab| chosen.contains(&lab.lab.id))
        .collect();
    // Labs that stand in no outline come last.
    let rest = loaded.catalog.labs().filter(|lab| {
        let is_listed = in_order.iter().any(|listed| listed.lab.id == lab.lab.id);
        chosen.contains(&lab.lab.id) && !is_listed
    });
    let all: Vec<&LoadedLab> = in_order.iter().copied().chain(rest).collect();
    for lab in &all {
        let id = &lab.lab.id;
        let needs = match measure(app, lab, &host).await {
            Ok(measurement) => Needs::Measured(measurement),
            Err(problem) => Needs::Unknown {
                lab: id.clone(),
                problem,
            },
        };
        eprintln!("{}", needs.line());
        if let (Some(server), Needs::Measured(measurement)) = (server, &needs) {
            server.keep_measurement(measurement).await?;
        }
        report.labs.push(needs);
    }
    let measured = all.iter().filter(|lab| report.has(&lab.lab.id));
    let labs = measured.map(|lab| &lab.lab);
    report.images = Some(
        app.lab_images_on_disk(labs)
            .await
            .map_err(ServiceError::from)?,
    );
    Ok(())
}

/// Measures one lab in a sandbox that is gone when this returns.
async fn measure(app: &App, lab: &LoadedLab, host: &Host) -> Result<Measurement, String> {
    timeout(READY_TIMEOUT, app.until_lab_can_start(&lab.lab))
        .await
        .map_err(|_| "its images were not ready in time".to_owned())?
        .map_err(in_words)?;
    let attempt = begin(app, &lab.lab.id).await.map_err(in_words)?;
    let measured = measure_attempt(app, lab, host, &attempt).await;
    let removed = remove(app, &attempt).await;
    let measurement = measured?;
    removed?;
    Ok(measurement)
}

async fn measure_attempt(
    app: &App,
    lab: &LoadedLab,
    host: &Host,
    attempt: &Attempt,
) -> Result<Measurement, String> {
    let sandbox = until_ready(app, attempt).await?;
    let ready_at = sandbox.ready_at.ok_or("the sandbox is not ready")?;
    let start_ms = ready_at.since(sandbox.requested_at).as_millis();
    let machines = app
        .memory_at_rest(sandbox.id, &lab.lab)
        .await
        .map_err(in_words)?;
    let (solved, peak) = app
        .peak_while(sandbox.id, solve(app, attempt, &sandbox))
        .await;
    solved?;
    Ok(Measurement {
        lab: lab.lab.id.clone(),
        content_hash: lab.hash.clone(),
        measured_at: app.clock.now(),
        host: host.clone(),
        start_ms: u64::try_from(start_ms).unwrap_or(u64::MAX),
        machines,
        peak_bytes: peak.map_err(in_words)?,
        images: app.lab_images_on_disk([&lab.lab]).await.map_err(in_words)?,
    })
}

fn in_words(error: impl std::error::Error) -> String {
    error.to_string()
}

/// Runs the reference solutions and has each graded, as a learner would who knows everything.
async fn solve(app: &App, attempt: &Attempt, sandbox: &Sandbox) -> Result<(), String> {
    let version = app
        .lab_version(attempt.lab_version_id)
        .await
        .map_err(in_words)?;
    let files = app
        .store
        .lab_files(attempt.lab_version_id)
        .await
        .map_err(in_words)?;
    let desk = Desk::new(app, attempt, sandbox, &version, &files);
    for step in &version.lab.steps {
        let results = desk
            .hand_in(step, &step.solution)
            .await
            .map_err(|problem| format!("step {}: {problem}", step.id))?;
        // Figures of a solution that did not do its work would be too low.
        if let Some(wrong) = results.iter().find(|r| r.outcome != Outcome::Passed) {
            return Err(format!(
                "step {}: the check {} says {} after the reference solution; `slipway lab test {}` \
                 tells more",
                step.id, wrong.check, wrong.outcome, version.lab.id
            ));
        }
    }
    Ok(())
}

/// Removes the sandbox and waits until it is gone, so that the next one has the host for itself.
async fn remove(app: &App, attempt: &Attempt) -> Result<(), String> {
    app.finish_sandbox(attempt).await.map_err(in_words)?;
    let sandbox = app
        .store
        .latest_sandbox(attempt.id)
        .await
        .map_err(in_words)?;
    match sandbox {
        Some(sandbox) => app.engine.remove(sandbox.id).await.map_err(in_words),
        None => Ok(()),
    }
}

impl Report {
    fn has(&self, lab: &Slug) -> bool {
        self.measured().any(|measurement| measurement.lab == *lab)
    }
}

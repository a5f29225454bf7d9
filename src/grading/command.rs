//! `command:` a command ends and prints like this.

use std::time::Duration;

use slipway_agent::protocol::{ExecOutcome, ExecStatus};

use crate::domain::{check::CommandCheck, ids::Slug};

use super::{
    evidence::Evidence,
    look::{Finding, Stop},
    machines::Machines,
    matching::{Seen, judge},
    messages,
    reach::{self, HOME},
};

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &CommandCheck,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let CommandCheck {
        machine: _,
        run,
        user,
        cwd,
        exit: wanted_exit,
        stdout: wanted_output,
    } = check;
    let program = match run.first() {
        // Looked up by name, a learner's program could take its place.
        Some(program) if program.starts_with('/') => program,
        _ => {
            return Err(Stop::Lab(
                "a command needs its program by absolute path".to_owned(),
            ));
        }
    };
    let folder = match cwd.as_deref() {
        None | Some("") => HOME.to_owned(),
        Some(folder) if folder.starts_with('/') => folder.to_owned(),
        Some(folder) => format!("{HOME}/{folder}"),
    };
    evidence.line(
        "command",
        format_args!("{run:?} as {user:?} in {machine}:{folder}"),
    );
    let request = reach::request(*user, run.iter().cloned(), &folder, within);
    let outcome = reach::exec(machines, machine, &request).await?;
    note(&outcome, evidence);
    let code = match exit_code(&outcome, program, within) {
        Ok(code) => code,
        Err(finding) => return Ok(finding),
    };
    if code != *wanted_exit {
        return Ok(Finding::unmet(
            "exit",
            messages::exit_code(code, *wanted_exit),
        ));
    }
    let Some(wanted) = wanted_output else {
        return Ok(Finding::Passed);
    };
    let seen = Seen {
        bytes: &outcome.stdout,
        truncated: outcome.stdout_truncated,
    };
    Ok(match judge(wanted, seen, "")? {
        None => Finding::Passed,
        Some(mismatch) => {
            evidence.line("not as asked", format_args!("{mismatch:?}"));
            Finding::unmet(mismatch.of("stdout"), messages::output(mismatch))
        }
    })
}

/// The code with which a command ended by itself, or the finding when it did not.
pub(super) fn exit_code(
    outcome: &ExecOutcome,
    program: &str,
    within: Duration,
) -> Result<i32, Finding> {
    match &outcome.status {
        ExecStatus::Exited { code } => Ok(*code),
        ExecStatus::Signaled { signal } => Err(Finding::unmet("run", messages::killed(*signal))),
        ExecStatus::TimedOut => Err(Finding::unmet("run", messages::too_long(within.as_secs()))),
        ExecStatus::SpawnFailed { .. } => {
            Err(Finding::unmet("run", messages::not_started(program)))
        }
    }
}

/// Writes down how a command ended and what it printed.
pub(super) fn note(outcome: &ExecOutcome, evidence: &mut Evidence) {
    let ExecOutcome {
        status,
        stdout,
        stderr,
        stdout_truncated,
        stderr_truncated,
        duration_ms,
    } = outcome;
    match status {
        ExecStatus::Exited { code } => evidence.line("exit code", code),
        ExecStatus::Signaled { signal } => evidence.line("killed by signal", signal),
        ExecStatus::TimedOut => evidence.line("stopped", "its time was up"),
        ExecStatus::SpawnFailed { reason } => evidence.line("not started", reason),
    };
    evidence
        .line("took", format_args!("{duration_ms} ms"))
        .block("stdout", stdout, *stdout_truncated)
        .block("stderr", stderr, *stderr_truncated);
}

//! What grading asks of agents, with their failures sorted by whose they are.

use std::time::Duration;

use slipway_agent::{
    client::{AgentClient, AgentError, DialStream},
    protocol::{
        AbsPath, DialTarget, ErrorCode, ExecOutcome, ExecRequest, ExecStatus, FileContent, RunAs,
    },
};
use tokio::time::timeout;

use crate::domain::{check::RunAs as CheckUser, ids::Slug};

use super::machines::{Machines, Unreachable};

/// The learner's home in every image.
pub(super) const HOME: &str = "/home/learner";

/// The only folders in which programs of a check are looked up: all root's, all read-only.
pub(super) const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a machine could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not run.
    Gone(Slug),
    /// It has no room for what the look needs; with the reason.
    Full(Slug, String),
    /// Its agent is connected but does not get to answer.
    Silent(Slug),
    /// Our side.
    Ours(String),
}

/// The agent of a machine of the lab.
pub(super) async fn agent<M: Machines>(
    machines: &M,
    machine: &Slug,
) -> Result<AgentClient, Trouble> {
    machines.agent(machine).await.map_err(|e| match e {
        Unreachable::Gone => Trouble::Gone(machine.clone()),
        Unreachable::Ours(reason) => Trouble::Ours(reason),
    })
}

/// Sorts a failed request: what the learner can bring about is theirs, the rest is ours.
///
/// A broken connection is ours at first: the look is repeated, and then asking for the agent tells
/// whether the machine is gone.
pub(super) fn sort(error: AgentError, machine: &Slug) -> Trouble {
    match error {
        AgentError::Timeout(_) => Trouble::Silent(machine.clone()),
        AgentError::Remote {
            code: ErrorCode::Busy | ErrorCode::NoSpace,
            message,
        } => Trouble::Full(machine.clone(), message),
        AgentError::Remote { .. }
        | AgentError::Transport(_)
        | AgentError::Protocol(_)
        | AgentError::Invalid(_) => Trouble::Ours(format!("{machine}: {error}")),
    }
}

/// What is at a path.
#[derive(Debug)]
pub(super) enum FileSeen {
    /// A regular file.
    Content(FileContent),
    /// Nothing.
    Missing,
    /// Something that is not a regular file.
    Odd(String),
    /// A regular file, or a folder on the way to it, that the learner may not read.
    Denied,
}

/// Reads a regular file with the learner's rights.
pub(super) async fn read<M: Machines>(
    machines: &M,
    machine: &Slug,
    path: &AbsPath,
    most: usize,
) -> Result<FileSeen, Trouble> {
    let agent = agent(machines, machine).await?;
    match agent.read_any(path, RunAs::Learner, most).await {
        Ok(content) => Ok(FileSeen::Content(content)),
        Err(AgentError::Remote { code, message }) => match code {
            ErrorCode::NotFound => Ok(FileSeen::Missing),
            // The path itself is valid, so `Invalid` speaks of what is there: a folder, or a file
            // where a folder was due.
            ErrorCode::Refused | ErrorCode::Invalid => Ok(FileSeen::Odd(message)),
            ErrorCode::Denied => Ok(FileSeen::Denied),
            _ => Err(sort(AgentError::Remote { code, message }, machine)),
        },
        Err(error) => Err(sort(error, machine)),
    }
}

/// A command as a check runs it: nothing of the caller's environment, nothing of the learner's.
pub(super) fn request(
    user: CheckUser,
    argv: impl IntoIterator<Item = String>,
    cwd: &str,
    within: Duration,
) -> ExecRequest {
    let (user, home, name) = match user {
        CheckUser::Learner => (RunAs::Learner, HOME, "learner"),
        CheckUser::Root => (RunAs::Root, "/root", "root"),
    };
    let mut request = ExecRequest::new(user, argv)
        .timeout(within)
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .env("HOME", home)
        .env("USER", name)
        .env("LOGNAME", name);
    request.cwd = Some(cwd.to_owned());
    request
}

/// Runs a command in a machine.
pub(super) async fn exec<M: Machines>(
    machines: &M,
    machine: &Slug,
    request: &ExecRequest,
) -> Result<ExecOutcome, Trouble> {
    let outcome = match agent(machines, machine).await?.exec(request).await {
        // Without room for its pipes the agent can't even try.
        Err(AgentError::Remote { message, .. }) if is_shortage(&message) => {
            return Err(Trouble::Full(machine.clone(), message));
        }
        outcome => outcome.map_err(|error| sort(error, machine))?,
    };
    match &outcome.status {
        ExecStatus::SpawnFailed { reason } if is_shortage(reason) => {
            Err(Trouble::Full(machine.clone(), reason.clone()))
        }
        _ => Ok(outcome),
    }
}

/// Whether a system call failed for want of processes (EAGAIN), memory or disk.
pub(super) fn is_shortage(reason: &str) -> bool {
    [
        "Try again",
        "temporarily unavailable",
        "Out of memory",
        "Cannot allocate memory",
        "No space left on device",
        "Too many open files",
    ]
    .iter()
    .any(|sign| reason.contains(sign))
}

/// What became of an attempt to connect.
#[derive(Debug)]
pub(super) enum Dialled {
    /// Somebody answers. The agent's handle must live as long as the stream: when the last one
    /// goes, so does the connection that carries it.
    Connected(DialStream, AgentClient),
    /// The other side refused: nothing listens there.
    Refused,
    /// It could not be reached; with the reason.
    OutOfReach(String),
}

/// Connects from the grader machine to a port of a machine.
pub(super) async fn dial_port<M: Machines>(
    machines: &M,
    machine: &Slug,
    port: u16,
    within: Duration,
) -> Result<Dialled, Trouble> {
    let ours = |reason: String| Trouble::Ours(format!("grader machine: {reason}"));
    let grader = machines.grader().await.map_err(|e| ours(e.to_string()))?;
    let target = DialTarget::Tcp {
        host: machines.address(machine),
        port,
    };
    match dial(&grader, &target, within).await {
        Ok(dialled) => Ok(dialled),
        Err(error) => Err(ours(error.to_string())),
    }
}

/// Connects from within a machine, with the learner's rights, to a Unix socket.
pub(super) async fn dial_socket<M: Machines>(
    machines: &M,
    machine: &Slug,
    path: &AbsPath,
    within: Duration,
) -> Result<Dialled, Trouble> {
    let target = DialTarget::unix(path.clone());
    dial_from(machines, machine, &target, within).await
}

/// The same, and only the process that listens there is heard; the stream says which it is.
pub(super) async fn dial_one_writer<M: Machines>(
    machines: &M,
    machine: &Slug,
    path: &AbsPath,
    within: Duration,
) -> Result<Dialled, Trouble> {
    let target = DialTarget::Unix {
        path: path.clone(),
        one_writer: true,
    };
    dial_from(machines, machine, &target, within).await
}

async fn dial_from<M: Machines>(
    machines: &M,
    machine: &Slug,
    target: &DialTarget,
    within: Duration,
) -> Result<Dialled, Trouble> {
    let agent = agent(machines, machine).await?;
    dial(&agent, target, within)
        .await
        .map_err(|error| sort(error, machine))
}

async fn dial(
    agent: &AgentClient,
    target: &DialTarget,
    within: Duration,
) -> Result<Dialled, AgentError> {
    match timeout(within, agent.dial(target)).await {
        Ok(Ok(stream)) => Ok(Dialled::Connected(stream, agent.clone())),
        Ok(Err(AgentError::Remote { code, message })) => match code {
            // The agent passes on the operating system's own words for ECONNREFUSED.
            ErrorCode::Unreachable if message.contains("refused") => Ok(Dialled::Refused),
            ErrorCode::Unreachable | ErrorCode::NotFound | ErrorCode::Denied => {
                Ok(Dialled::OutOfReach(message))
            }
            _ => Err(AgentError::Remote { code, message }),
        },
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(Dialled::OutOfReach("no answer in time".to_owned())),
    }
}

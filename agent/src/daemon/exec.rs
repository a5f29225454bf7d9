//! Running one command with limits on time, output and descendants.

use super::failure::Failure;
use super::reaper::{self, Child};
use super::sys::{Spawn, Supervision};
use super::{Agent, launch, processes, sys};
use crate::protocol::{
    ErrorCode, ExecOutcome, ExecRequest, ExecStatus, ExitStatus, Leftovers, RunAs, Validate,
};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, PipeReader, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// The folder of helper files below the agent's run-time folder.
pub(super) const FOLDER: &str = "exec";

/// How long output is still awaited once the command has ended: what it left running may keep
/// the pipes open for ever.
const GRACE: Duration = Duration::from_millis(200);

const CHUNK: usize = 32 * 1024;

/// Runs a command. When `cancel` fires, it is killed with its descendants.
pub(super) async fn run(
    agent: Arc<Agent>,
    request: ExecRequest,
    cancel: CancellationToken,
) -> Result<ExecOutcome, Failure> {
    request.validate()?;
    let _permit = agent
        .execs
        .try_acquire()
        .map_err(|_| Failure::new(ErrorCode::Busy, "too many commands run at once"))?;
    let folder = match request.files.as_slice() {
        [] => None,
        _ => Some(Folder::create(&agent, &request)?),
    };
    let started = Instant::now();
    let mut running = match start(&agent, &request, folder.as_ref().map(|f| f.0.as_path())) {
        Ok(running) => running,
        Err(StartError::Spawn(error)) => {
            let status = ExecStatus::SpawnFailed {
                reason: error.to_string(),
            };
            return Ok(outcome(status, Capture::empty(), Capture::empty(), started));
        }
        Err(StartError::Io(error)) => return Err(error.into()),
    };
    let deadline = started + Duration::from_millis(request.timeout_ms);

    let mut status_bytes = [0u8; 4];
    let (mut out, mut err) = (running.stdout, running.stderr);
    let end = {
        let mut outputs = pin!(async { tokio::join!(out.drain(), err.drain()) });
        let mut feed = pin!(feed(running.stdin, &request.stdin));
        let mut status = pin!(running.status.read_exact(&mut status_bytes));
        let (mut drained, mut fed) = (false, false);
        let end = loop {
            tokio::select! {
                result = &mut status => break End::Ended(result.is_ok()),
                () = sleep_until(deadline) => break End::TimedOut,
                () = cancel.cancelled() => break End::Cancelled,
                _ = &mut outputs, if !drained => drained = true,
                () = &mut feed, if !fed => fed = true,
            }
        };
        let killed_first = !matches!(end, End::Ended(_));
        if killed_first {
            processes::kill_descendants(running.child.pid).await;
        }
        if !drained {
            let _ = timeout(GRACE, &mut outputs).await;
        }
        if !killed_first && request.leftovers == Leftovers::Kill {
            processes::kill_descendants(running.child.pid).await;
        }
        end
    };
    // The supervisor goes when nobody holds its leash any more.
    drop(running.leash);
    let status = match end {
        End::Ended(true) => match reaper::exit_status(i32::from_ne_bytes(status_bytes)) {
            ExitStatus::Code(code) => ExecStatus::Exited { code },
            ExitStatus::Signal(signal) => ExecStatus::Signaled { signal },
        },
        // The supervisor itself was killed (out of memory): nobody knows the command's end.
        End::Ended(false) => ExecStatus::Signaled {
            signal: nix::libc::SIGKILL,
        },
        End::TimedOut | End::Cancelled => ExecStatus::TimedOut,
    };
    Ok(outcome(status, out, err, started))
}

enum End {
    /// The supervisor has told the status, or has vanished.
    Ended(bool),
    TimedOut,
    Cancelled,
}

fn outcome(status: ExecStatus, out: Capture, err: Capture, started: Instant) -> ExecOutcome {
    ExecOutcome {
        status,
        stdout: out.kept,
        stderr: err.kept,
        stdout_truncated: out.truncated,
        stderr_truncated: err.truncated,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

struct Running {
    /// The supervisor.
    child: Child,
    status: pipe::Receiver,
    leash: io::PipeWriter,
    stdin: pipe::Sender,
    stdout: Capture,
    stderr: Capture,
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Spawn(#[from] sys::SpawnError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn start(
    agent: &Agent,
    request: &ExecRequest,
    folder: Option<&Path>,
) -> Result<Running, StartError> {
    let config = &agent.config;
    let mut env = if request.login_env {
        launch::login_env(config, request.user)
    } else {
        [("PATH".to_owned(), launch::DEFAULT_PATH.to_owned())].into()
    };
    env.extend(request.env.clone());
    if let Some(folder) = folder {
        env.insert(
            "SLIPWAY_DIR".to_owned(),
            folder.to_string_lossy().into_owned(),
        );
    }
    let cwd = match (&request.cwd, request.user) {
        (Some(cwd), _) => vec![launch::c_string(cwd)],
        (None, RunAs::Learner) => vec![launch::c_string(&config.learner.home), c"/".to_owned()],
        (None, RunAs::Root) => vec![c"/".to_owned()],
    };
    let (stdin_out, stdin_in) = io::pipe()?;
    let (stdout_out, stdout_in) = io::pipe()?;
    let (stderr_out, stderr_in) = io::pipe()?;
    let (status_out, status_in) = io::pipe()?;
    let (leash_out, leash_in) = io::pipe()?;
    let spec = Spawn {
        programs: launch::candidates(&request.argv[0], &env),
        argv: launch::c_strings(&request.argv),
        env: launch::c_env(&env),
        cwd,
        stdin: stdin_out.as_fd(),
        stdout: stdout_in.as_fd(),
        stderr: stderr_in.as_fd(),
        identity: launch::identity(config, request.user),
        terminal: false,
        oom_score_adj: launch::learner_oom_score(),
        supervision: Some(Supervision {
            status: status_in.as_fd(),
            release: leash_out.as_fd(),
        }),
    };
    let child = agent.reaper.spawn(&spec)?;
    Ok(Running {
        child,
        status: pipe::Receiver::from_owned_fd(status_out.into())?,
        leash: leash_in,
        stdin: pipe::Sender::from_owned_fd(OwnedFd::from(stdin_in))?,
        stdout: Capture::new(stdout_out, request.max_output)?,
        stderr: Capture::new(stderr_out, request.max_output)?,
    })
}

/// Writes the input and closes it. A command that does not read gets what fits its pipe.
async fn feed(mut stdin: pipe::Sender, bytes: &[u8]) {
    // It may end without reading: no error of ours.
    let _ = stdin.write_all(bytes).await;
}

/// One output stream: keeps the beginning, throws the rest away.
struct Capture {
    pipe: Option<pipe::Receiver>,
    kept: Vec<u8>,
    limit: usize,
    truncated: bool,
}

impl Capture {
    fn new(pipe: PipeReader, limit: usize) -> io::Result<Self> {
        let pipe = Some(pipe::Receiver::from_owned_fd(pipe.into())?);
        Ok(Self {
            pipe,
            limit,
            ..Self::empty()
        })
    }

    fn empty() -> Self {
        Self {
            pipe: None,
            kept: Vec::new(),
            limit: 0,
            truncated: false,
        }
    }

    async fn drain(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut chunk = vec![0; CHUNK];
        while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
            let keep = count.min(self.limit - self.kept.len());
            self.kept.extend_from_slice(&chunk[..keep]);
            self.truncated |= keep < count;
        }
    }
}

/// A fresh folder with helper files; removed when dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn create(agent: &Agent, request: &ExecRequest) -> io::Result<Self> {
        let path = agent.run_dir.join(FOLDER).join(sys::random_name()?);
        DirBuilder::new().mode(0o700).create(&path)?;
        let folder = Self(path);
        for file in &request.files {
            let path = folder.0.join(&file.name);
            let mode = file.mode & 0o777;
            let mut out = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            out.write_all(&file.bytes)?;
            out.set_permissions(fs::Permissions::from_mode(mode))?;
            hand_over(agent, request.user, &path)?;
        }
        // Last: from here on the learner can enter.
        hand_over(agent, request.user, &folder.0)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Does not follow links. What can't be removed is on a small tmpfs of this machine.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn hand_over(agent: &Agent, user: RunAs, path: &Path) -> io::Result<()> {
    let learner = &agent.config.learner;
    if user == RunAs::Learner {
        std::os::unix::fs::lchown(path, Some(learner.uid), Some(learner.gid))?;
    }
    Ok(())
}

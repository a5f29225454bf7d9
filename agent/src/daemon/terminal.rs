//! One terminal: its PTY, its scrollback, and the pace at which the PTY is read.

use super::failure::Failure;
use super::reaper::exit_status;
use super::ring::Ring;
use super::sys::Spawn;
use super::{Agent, launch, processes, sys};
use crate::protocol::{
    ErrorCode, ExitStatus, OpenTerminal, RunAs, TerminalInfo, TerminalName, TerminalState,
};
use bytes::Bytes;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

/// Bytes a viewer may be behind before it holds the terminal up.
pub(super) const WINDOW: u64 = 256 * 1024;
/// A viewer that is behind and acknowledges nothing for this long no longer holds anything up.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long output is still read after the shell has ended.
const DRAIN: Duration = Duration::from_millis(200);
/// Chunks of input that wait for the PTY (16 KiB each at most).
const INPUT_DEPTH: usize = 32;
const READ_CHUNK: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Terminal {
    name: TerminalName,
    generation: u32,
    pid: i32,
    input: mpsc::Sender<Bytes>,
    state: Mutex<State>,
    /// Counts every change that a viewer may care about.
    pub(super) changed: watch::Sender<u64>,
    /// Wakes the reader of the PTY when viewers come, go or acknowledge.
    flow: Notify,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    /// Our end of the PTY while the shell runs.
    master: Option<Arc<AsyncFd<OwnedFd>>>,
    exit: Option<ExitStatus>,
    cols: u16,
    rows: u16,
    viewers: HashMap<u64, Viewer>,
    next_viewer: u64,
}

#[derive(Debug)]
struct Viewer {
    /// Offset before which it has consumed everything.
    acked: u64,
    /// When it last made progress, or began to be behind.
    progress: Instant,
    /// Its own input is stuck, so its acknowledgements may be too.
    blocked: bool,
}

/// What a viewer does next.
#[derive(Debug)]
pub(super) enum Next {
    Data { offset: u64, bytes: Bytes },
    Skipped { to: u64 },
    Exit(ExitStatus),
    Wait,
}

impl Terminal {
    pub(super) fn start(
        agent: &Arc<Agent>,
        request: &OpenTerminal,
        former: Option<&Terminal>,
    ) -> Result<Arc<Self>, Failure> {
        let config = &agent.config;
        let pty = nix::pty::openpty(None, None)?;
        sys::set_size(&pty.master, request.cols, request.rows)?;
        // So that programs may open their terminal by name. Not vital.
        let learner = &config.learner;
        let _ = std::os::unix::fs::fchown(&pty.slave, Some(learner.uid), Some(learner.gid));
        let mut env = launch::login_env(config, RunAs::Learner);
        env.insert(
            "SLIPWAY_TERMINAL".to_owned(),
            request.name.as_str().to_owned(),
        );
        let (programs, argv) = if let Some(argv) = &request.argv {
            (launch::candidates(&argv[0], &env), launch::c_strings(argv))
        } else {
            // A leading dash makes it a login shell.
            let shell = &learner.shell;
            let base = shell.rsplit('/').next().unwrap_or("sh");
            (
                vec![launch::c_string(shell)],
                vec![launch::c_string(&format!("-{base}"))],
            )
        };
        let child = agent
            .reaper
            .spawn(&Spawn {
                programs,
                argv,
                env: launch::c_env(&env),
                cwd: vec![launch::c_string(&learner.home), c"/".to_owned()],
                stdin: pty.slave.as_fd(),
                stdout: pty.slave.as_fd(),
                stderr: pty.slave.as_fd(),
                identity: Some(launch::learner_identity(config)),
                terminal: true,
                oom_score_adj: launch::learner_oom_score(),
                supervision: None,
            })
            .map_err(|e| Failure::new(ErrorCode::Io, e.to_string()))?;
        drop(pty.slave);
        fcntl(
            &pty.master,
            FcntlArg::F_SETFL(OFlag::O_NONBLOCK | OFlag::O_RDWR),
        )?;
        let ring = former.map_or_else(
            || Ring::new(config.scrollback_bytes),
            |former| former.lock().ring.clone(),
        );
        let master = Arc::new(sys::wait_for(pty.master)?);
        let (input, queue) = mpsc::channel(INPUT_DEPTH);
        let terminal = Arc::new(Self {
            name: request.name.clone(),
            generation: former.map_or(1, |former| former.generation.saturating_add(1)),
            pid: child.pid,
            input,
            state: Mutex::new(State {
                ring,
                master: Some(master.clone()),
                exit: None,
                cols: request.cols,
                rows: request.rows,
                viewers: HashMap::new(),
                next_viewer: 0,
            }),
            changed: watch::Sender::new(0),
            flow: Notify::new(),
        });
        agent.spawn(terminal.clone().live(master, child.exit, queue));
        Ok(terminal)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_viewers(&self) {
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn is_running(&self) -> bool {
        self.lock().exit.is_none()
    }

    pub(super) fn info(&self) -> TerminalInfo {
        let state = self.lock();
        TerminalInfo {
            name: self.name.clone(),
            state: state
                .exit
                .map_or(TerminalState::Running, TerminalState::Exited),
            cols: state.cols,
            rows: state.rows,
            start: state.ring.start(),
            end: state.ring.end(),
            viewers: u32::try_from(state.viewers.len()).unwrap_or(u32::MAX),
            generation: self.generation,
        }
    }

    /// Ends everything in this terminal.
    pub(super) async fn kill(&self) {
        if self.is_running() {
            processes::kill_session(self.pid).await;
        }
    }

    /// From the first byte to the shell's end.
    async fn live(
        self: Arc<Self>,
        master: Arc<AsyncFd<OwnedFd>>,
        exit: oneshot::Receiver<i32>,
        queue: mpsc::Receiver<Bytes>,
    ) {
        let status = {
            let reading = self.read(&master, true);
            let writing = write(&master, queue);
            tokio::pin!(reading, writing, exit);
            let (mut read, mut wrote) = (false, false);
            loop {
                tokio::select! {
                    status = &mut exit => break status,
                    () = &mut reading, if !read => read = true,
                    () = &mut writing, if !wrote => wrote = true,
                }
            }
        };
        // What the shell's last words left in the PTY; nobody's pace matters any more.
        let _ = timeout(DRAIN, self.read(&master, false)).await;
        let status = status.map_or(ExitStatus::Signal(nix::libc::SIGKILL), exit_status);
        {
            let mut state = self.lock();
            state.exit = Some(status);
            // Closing it ends whatever still clings to the terminal.
            state.master = None;
        }
        self.wake_viewers();
    }

    async fn read(&self, master: &AsyncFd<OwnedFd>, paced: bool) {
        let mut chunk = vec![0; READ_CHUNK];
        loop {
            if paced {
                self.wait_for_viewers().await;
            }
            let Ok(mut ready) = master.readable().await else {
                return;
            };
            let result = ready.try_io(|fd| Ok(nix::unistd::read(fd.get_ref(), &mut chunk)?));
            match result {
                // End of file or EIO: no process holds the terminal any more.
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(count)) => self.push(&chunk[..count]),
                // Not ready after all. When draining, empty means done.
                Err(_) if paced => {}
                Err(_) => return,
            }
        }
    }

    fn push(&self, data: &[u8]) {
        let mut state = self.lock();
        let State { ring, viewers, .. } = &mut *state;
        for viewer in viewers.values_mut().filter(|v| v.acked >= ring.end()) {
            viewer.progress = Instant::now();
        }
        ring.push(data);
        drop(state);
        self.wake_viewers();
    }

    /// Returns when the PTY may be read: unless there are viewers that count, and all of those
    /// are a whole window behind.
    async fn wait_for_viewers(&self) {
        loop {
            let woken = self.flow.notified();
            let patience_ends = {
                let state = self.lock();
                let now = Instant::now();
                let end = state.ring.end();
                let counting = state
                    .viewers
                    .values()
                    .filter(|v| !v.blocked && now < v.progress + PATIENCE);
                let mut latest = None;
                let mut free = false;
                for viewer in counting {
                    free |= end.saturating_sub(viewer.acked) < WINDOW;
                    latest = latest.max(Some(viewer.progress + PATIENCE));
                }
                match latest {
                    Some(at) if !free => at,
                    _ => return,
                }
            };
            let _ = tokio::time::timeout_at(patience_ends, woken).await;
        }
    }

    /// Adds a viewer that has consumed everything before `from`. Says where its replay starts.
    pub(super) fn attach(&self, from: Option<u64>) -> (u64, u64) {
        let mut state = self.lock();
        let id = state.next_viewer;
        state.next_viewer += 1;
        let start = state.ring.replay_from(from);
        let viewer = Viewer {
            acked: start,
            progress: Instant::now(),
            blocked: false,
        };
        state.viewers.insert(id, viewer);
        (id, start)
    }

    pub(super) fn detach(&self, viewer: u64) {
        self.lock().viewers.remove(&viewer);
        self.flow.notify_one();
    }

    pub(super) fn ack(&self, viewer: u64, offset: u64) {
        let mut state = self.lock();
        let end = state.ring.end();
        if let Some(viewer) = state.viewers.get_mut(&viewer)
            && offset > viewer.acked
        {
            // Nobody can have consumed what has not been printed.
            viewer.acked = offset.min(end);
            viewer.progress = Instant::now();
        }
        drop(state);
        self.flow.notify_one();
        self.wake_viewers();
    }

    pub(super) fn resize(&self, cols: u16, rows: u16) {
        let mut state = self.lock();
        if state.exit.is_none() && (state.cols, state.rows) != (cols, rows) {
            (state.cols, state.rows) = (cols, rows);
            if let Some(master) = &state.master {
                // Fails only when the terminal is gone.
                let _ = sys::set_size(master.get_ref(), cols, rows);
            }
        }
    }

    /// Queues input; waits while the queue is full, and during that time the viewer's window
    /// does not hold up the output (its acknowledgements may be stuck behind this input).
    pub(super) async fn input(&self, viewer: u64, bytes: Bytes) {
        let Err(full) = self.input.try_send(bytes) else {
            return;
        };
        let mpsc::error::TrySendError::Full(bytes) = full else {
            return;
        };
        self.set_blocked(viewer, true);
        let mut changed = self.changed.subscribe();
        let mut sending = std::pin::pin!(self.input.send(bytes));
        while self.is_running() {
            tokio::select! {
                _ = &mut sending => break,
                _ = changed.changed() => {}
            }
        }
        self.set_blocked(viewer, false);
    }

    fn set_blocked(&self, viewer: u64, blocked: bool) {
        if let Some(viewer) = self.lock().viewers.get_mut(&viewer) {
            viewer.blocked = blocked;
            viewer.progress = Instant::now();
        }
        self.flow.notify_one();
    }

    /// What a viewer that was sent everything before `sent` gets next.
    pub(super) fn next(&self, viewer: u64, sent: u64, limit: usize) -> Next {
        let mut state = self.lock();
        let State {
            ring,
            viewers,
            exit,
            ..
        } = &mut *state;
        let Some(viewer) = viewers.get_mut(&viewer) else {
            return Next::Wait;
        };
        if sent < ring.start() {
            let to = ring.replay_from(None);
            viewer.acked = viewer.acked.max(to);
            return Next::Skipped { to };
        }
        let window = (viewer.acked + WINDOW).saturating_sub(sent);
        let bytes = ring.read(sent, usize::try_from(window).unwrap_or(limit).min(limit));
        if !bytes.is_empty() {
            return Next::Data {
                offset: sent,
                bytes,
            };
        }
        match exit {
            Some(status) if sent >= ring.end() => Next::Exit(*status),
            _ => Next::Wait,
        }
    }
}

/// Feeds the PTY as fast as it takes input.
async fn write(master: &AsyncFd<OwnedFd>, mut queue: mpsc::Receiver<Bytes>) {
    while let Some(mut bytes) = queue.recv().await {
        while !bytes.is_empty() {
            let Ok(mut ready) = master.writable().await else {
                return;
            };
            match ready.try_io(|fd| Ok(nix::unistd::write(fd.get_ref(), &bytes)?)) {
                Ok(Ok(count)) => drop(bytes.split_to(count)),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(_)) => return,
                Err(_not_ready) => {}
            }
        }
    }
}

//! The one place that waits for children.
//!
//! As PID 1 it collects everything that dies, its own children and the orphans it inherits, and
//! tells whoever started a process how that ended.

use super::sys::{self, Spawn, SpawnError};
use crate::protocol::ExitStatus;
use nix::libc;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Which children are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReapScope {
    /// All of them: the agent is PID 1.
    All,
    /// Only those it started: the agent is a guest in another process (tests).
    Own,
}

/// A started process.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: i32,
    /// The raw wait status.
    pub(super) exit: oneshot::Receiver<i32>,
}

#[derive(Debug)]
pub(super) struct Reaper {
    scope: ReapScope,
    /// Held over a start and over a round of reaping, so that no child is collected before it
    /// is known.
    waiting: Mutex<HashMap<i32, oneshot::Sender<i32>>>,
}

impl Reaper {
    /// The reaper and the signal that wakes it.
    pub(super) fn new(scope: ReapScope) -> io::Result<(Arc<Self>, Signal)> {
        let waiting = Mutex::new(HashMap::new());
        Ok((
            Arc::new(Self { scope, waiting }),
            signal(SignalKind::child())?,
        ))
    }

    pub(super) fn spawn(&self, spec: &Spawn<'_>) -> Result<Child, SpawnError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, exit) = oneshot::channel();
        // Registered at the fork, so that a child whose start fails is collected as well.
        let pid = sys::spawn(spec, |pid| {
            waiting.insert(pid, sender);
        })?;
        Ok(Child { pid, exit })
    }

    /// Collects whatever has ended, at every signal, until told to stop.
    pub(super) async fn run(self: Arc<Self>, mut signal: Signal, stop: CancellationToken) {
        loop {
            self.reap();
            tokio::select! {
                () = stop.cancelled() => return,
                next = signal.recv() => if next.is_none() { return },
            }
        }
    }

    pub(super) fn reap(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.scope {
            ReapScope::All => {
                while let Some((pid, status)) = sys::reap(None) {
                    if let Some(sender) = waiting.remove(&pid) {
                        let _ = sender.send(status);
                    }
                }
            }
            ReapScope::Own => {
                let ended: Vec<_> = waiting
                    .keys()
                    .filter_map(|pid| sys::reap(Some(*pid)))
                    .collect();
                for (pid, status) in ended {
                    if let Some(sender) = waiting.remove(&pid) {
                        let _ = sender.send(status);
                    }
                }
            }
        }
    }
}

/// Reads a raw wait status.
pub(super) fn exit_status(status: i32) -> ExitStatus {
    if libc::WIFSIGNALED(status) {
        ExitStatus::Signal(libc::WTERMSIG(status))
    } else {
        ExitStatus::Code(libc::WEXITSTATUS(status))
    }
}

//! The side in the container: owns terminals, runs commands, serves files, dials.
//!
//! [`Agent`] holds the state; [`Agent::serve`] answers one connection; [`init::run`] is the life
//! of PID 1. Everything spawned belongs to the agent's task tracker and ends with its token.

mod accept;
mod activity;
mod dial;
mod dns;
mod exec;
mod failure;
mod files;
mod http;
pub mod init;
mod launch;
mod one_writer;
mod ports;
mod processes;
mod reaper;
mod resolve;
mod ring;
mod service;
mod sys;
mod terminal;
mod terminals;
mod viewer;
mod watch;

pub use reaper::ReapScope;

use crate::protocol::{AgentConfig, AgentInfo, PROTOCOL, RUN_DIR, START_SCRIPT, Validate};
use reaper::Reaper;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, io};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What an agent is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The engine's configuration.
    pub config: AgentConfig,
    /// Where sockets and helper files live; [`RUN_DIR`] in a machine.
    pub run_dir: PathBuf,
    /// The image's start script; [`START_SCRIPT`] in a machine.
    pub start_script: PathBuf,
    /// Which children to reap.
    pub scope: ReapScope,
}

impl Setup {
    /// The setup of a real machine.
    pub fn machine(config: AgentConfig) -> Self {
        Self {
            config,
            run_dir: RUN_DIR.into(),
            start_script: START_SCRIPT.into(),
            scope: ReapScope::All,
        }
    }
}

/// One machine's agent.
#[derive(Debug)]
pub struct Agent {
    config: AgentConfig,
    run_dir: PathBuf,
    boot: String,
    reaper: Arc<Reaper>,
    execs: Semaphore,
    /// Threads that touch files at the same time.
    file_threads: Semaphore,
    terminals: terminals::Terminals,
    service: service::Service,
    activity: activity::Tracker,
    listeners: accept::Listeners,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// File operations at the same time; more wait.
const FILE_THREADS: usize = 8;

impl Agent {
    /// Prepares the run-time folder, starts the reaper and the image's start script. Must be
    /// called within a tokio runtime.
    pub fn start(setup: Setup) -> io::Result<Arc<Self>> {
        let Setup {
            config,
            run_dir,
            start_script,
            scope,
        } = setup;
        config
            .validate()
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
        // Traversal only: the learner must reach the helper files of their own execs below it.
        make_dir(&run_dir, 0o711)?;
        make_dir(&run_dir.join(exec::FOLDER), 0o711)?;
        let (reaper, signal) = Reaper::new(scope)?;
        let agent = Arc::new(Self {
            run_dir,
            boot: sys::random_name()?,
            execs: Semaphore::new(config.limits.execs),
            file_threads: Semaphore::new(FILE_THREADS),
            terminals: terminals::Terminals::default(),
            service: service::Service::default(),
            activity: activity::Tracker::default(),
            listeners: accept::Listeners::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            reaper: reaper.clone(),
            config,
        });
        // The reaper outlives the token: it serves the very end of the machine as well.
        agent.tasks.spawn(reaper.run(signal, agent.stop.clone()));
        if start_script.exists() {
            agent.spawn(service::run(agent.clone(), start_script));
        }
        Ok(agent)
    }

    /// Ends all tasks of this agent; processes are left to whoever ends the machine.
    pub fn shut_down(&self) {
        self.stop.cancel();
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    fn info(&self) -> AgentInfo {
        AgentInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            boot: self.boot.clone(),
            machine: self.config.machine.clone(),
            service: self.service.status(),
            terminals: self.terminals.list(),
        }
    }
}

fn make_dir(path: &std::path::Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

//! The image's start script: run as root, kept running, its last words kept.

use super::reaper::exit_status;
use super::ring::Ring;
use super::sys::Spawn;
use super::{Agent, launch};
use crate::protocol::{ExitStatus, LOG_TAIL, RunAs, ServiceState, ServiceStatus};
use std::io::{self, PipeReader};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A script that ran this long starts over with the shortest pause.
const SETTLED: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Service(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    state: ServiceState,
    restarts: u32,
    log: Ring,
}

impl Default for Service {
    fn default() -> Self {
        Self(Mutex::new(Inner {
            state: ServiceState::Absent,
            restarts: 0,
            log: Ring::new(LOG_TAIL),
        }))
    }
}

impl Service {
    pub(super) fn status(&self) -> ServiceStatus {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ServiceStatus {
            state: inner.state.clone(),
            restarts: inner.restarts,
            log_tail: inner.log.read(inner.log.start(), LOG_TAIL).to_vec(),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Runs the script until it ends well.
pub(super) async fn run(agent: Arc<Agent>, script: PathBuf) {
    let mut pause = FIRST_PAUSE;
    loop {
        agent.service.change(|s| s.state = ServiceState::Running);
        let started = Instant::now();
        let reason = match start(&agent, &script) {
            Ok(exit) => match exit.await.map(exit_status) {
                Ok(ExitStatus::Code(0)) => {
                    agent.service.change(|s| s.state = ServiceState::Finished);
                    return;
                }
                Ok(ExitStatus::Code(code)) => format!("ended with code {code}"),
                Ok(ExitStatus::Signal(signal)) => format!("ended by signal {signal}"),
                Err(_) => "its end was not seen".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        agent
            .service
            .change(|s| s.state = ServiceState::Waiting { reason });
        if started.elapsed() >= SETTLED {
            pause = FIRST_PAUSE;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        agent
            .service
            .change(|s| s.restarts = s.restarts.saturating_add(1));
    }
}

fn start(
    agent: &Arc<Agent>,
    script: &std::path::Path,
) -> io::Result<tokio::sync::oneshot::Receiver<i32>> {
    let mut env = launch::login_env(&agent.config, RunAs::Root);
    env.extend(agent.config.service_env.0.clone());
    let program = launch::c_string(&script.to_string_lossy());
    let null = std::fs::File::open("/dev/null")?;
    let (log_out, log_in) = io::pipe()?;
    let child = agent
        .reaper
        .spawn(&Spawn {
            programs: vec![program.clone()],
            argv: vec![program],
            env: launch::c_env(&env),
            cwd: vec![c"/".to_owned()],
            stdin: null.as_fd(),
            stdout: log_in.as_fd(),
            stderr: log_in.as_fd(),
            identity: None,
            terminal: false,
            oom_score_adj: None,
            supervision: None,
        })
        .map_err(io::Error::other)?;
    // Read to its end, which is when the last process that the script left behind closes it.
    agent.spawn(collect(agent.clone(), log_out));
    Ok(child.exit)
}

async fn collect(agent: Arc<Agent>, log: PipeReader) {
    let Ok(mut log) = pipe::Receiver::from_owned_fd(log.into()) else {
        return;
    };
    let mut chunk = vec![0; 4096];
    while let Ok(count @ 1..) = log.read(&mut chunk).await {
        agent.service.change(|s| s.log.push(&chunk[..count]));
    }
}

//! The life of PID 1, and the two small programs beside it.

use super::{Agent, Setup, launch, sys};
use crate::protocol::{AGENT_PATH, AgentConfig, CONFIG_PATH, RunAs, SOCKET_PATH, Validate};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

/// Connections at once: the server needs one, and one more while it reconnects.
const MAX_CONNECTIONS: usize = 8;
/// Between the polite and the final signal when the machine ends.
const FAREWELL: Duration = Duration::from_millis(1500);
/// How long `connect` waits for an agent that is just starting.
const CONNECT_TRIES: u32 = 100;
const CONNECT_PAUSE: Duration = Duration::from_millis(50);
const MAX_CONFIG: u64 = 1024 * 1024;

/// Reads the engine's configuration.
pub fn read_config(path: &Path) -> io::Result<AgentConfig> {
    let mut json = Vec::new();
    File::open(path)?.take(MAX_CONFIG).read_to_end(&mut json)?;
    let config: AgentConfig = serde_json::from_slice(&json)?;
    config
        .validate()
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    Ok(config)
}

/// `agent init`: everything PID 1 does, until the engine tells it to end.
pub fn run() -> io::Result<()> {
    sys::hide_memory();
    launch::spare_agent();
    let config = read_config(Path::new(CONFIG_PATH))?;
    // One thread for everything that waits; files have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(live(Setup::machine(config)))
}

async fn live(setup: Setup) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let agent = Agent::start(setup)?;
    let listener = listen(Path::new(SOCKET_PATH))?;
    let accept = accept(agent.clone(), listener);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        result = accept => result?,
    }
    end_everything(&agent).await;
    Ok(())
}

/// Listens for root alone: the file's mode keeps others out, [`accept`] checks once more.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Closed from the first moment on, not only after the mode is set.
    let before = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    nix::sys::stat::umask(before);
    let listener = listener?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn accept(agent: Arc<Agent>, listener: UnixListener) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let own = nix::unistd::geteuid().as_raw();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: it may pass.
            tokio::time::sleep(CONNECT_PAUSE).await;
            continue;
        };
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            continue;
        };
        if stream.peer_cred().is_ok_and(|peer| peer.uid() == own) {
            let serving = agent.clone();
            agent.spawn(async move {
                serving.serve(stream).await;
                drop(permit);
            });
        }
    }
}

/// Asks everything to end, waits a little, then lets the kernel kill the rest.
async fn end_everything(agent: &Arc<Agent>) {
    let everything = Pid::from_raw(-1);
    // Interactive shells ignore TERM, but not the loss of their terminal.
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCONT] {
        let _ = kill(everything, signal);
    }
    let deadline = tokio::time::Instant::now() + FAREWELL;
    // ESRCH: nobody is left but this process.
    while kill(everything, None) != Err(nix::errno::Errno::ESRCH)
        && tokio::time::Instant::now() < deadline
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = kill(everything, Signal::SIGKILL);
    agent.shut_down();
}

/// `agent connect`: carries this process's stdio to the agent's socket and back.
pub fn connect() -> io::Result<()> {
    sys::hide_memory();
    let socket = reach(Path::new(SOCKET_PATH))?;
    let mut to_agent = socket.try_clone()?;
    let mut from_agent = socket;
    // Bare descriptors: the standard library's buffers cut binary data at line ends.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    thread::spawn(move || {
        pump(&mut input, &mut to_agent);
        // The server is gone: so is the reason for this process.
        let _ = to_agent.shutdown(Shutdown::Both);
    });
    pump(&mut from_agent, &mut output);
    Ok(())
}

fn reach(path: &Path) -> io::Result<UnixStream> {
    let mut tries = 1;
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if tries == CONNECT_TRIES => return Err(error),
            Err(_) => thread::sleep(CONNECT_PAUSE),
        }
        tries += 1;
    }
}

fn pump(from: &mut impl io::Read, to: &mut impl io::Write) {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                if to
                    .write_all(&chunk[..count])
                    .and_then(|()| to.flush())
                    .is_err()
                {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// `agent as-learner -- argv…`: becomes the learner, with the environment of a login.
pub fn as_learner(argv: &[String]) -> ExitCode {
    let complain = |what: &str| {
        let _ = writeln!(io::stderr(), "slipway-agent: {what}");
        ExitCode::from(127)
    };
    let Some(program) = argv.first() else {
        return complain("a program is missing");
    };
    let config = match read_config(Path::new(CONFIG_PATH)) {
        Ok(config) => config,
        Err(error) => return complain(&format!("{CONFIG_PATH}: {error}")),
    };
    let env = launch::login_env(&config, RunAs::Learner);
    let error = sys::exec_as(
        launch::learner_identity(&config),
        &launch::candidates(program, &env),
        &launch::c_strings(argv),
        &launch::c_env(&env),
        &launch::c_string(&config.learner.home),
    );
    complain(&format!("{program}: {error}"))
}

/// One line on how the program is used.
pub fn usage() -> String {
    format!("usage: {AGENT_PATH} init | connect | as-learner -- PROGRAM [ARGUMENT...]")
}

//! An agent in this process, reached over an in-memory stream.

use slipway_agent::client::{AgentClient, TerminalReceiver};
use slipway_agent::daemon::{Agent, ReapScope, Setup};
use slipway_agent::protocol::{
    AgentConfig, ExecOutcome, ExecRequest, Learner, Limits, OpenTerminal, RunAs, SecretEnv,
    TerminalEvent, TerminalName,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a test waits for something that must happen.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Machine {
    pub(crate) agent: Arc<Agent>,
    pub(crate) client: AgentClient,
    pub(crate) home: PathBuf,
    _folder: tempfile::TempDir,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.agent.shut_down();
    }
}

pub(crate) async fn machine() -> Machine {
    machine_with(|_| {}).await
}

pub(crate) async fn machine_with(change: impl FnOnce(&mut Setup)) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let mut setup = Setup {
        config: AgentConfig {
            machine: "desk".into(),
            learner: Learner {
                name: "learner".into(),
                uid: nix::unistd::geteuid().as_raw(),
                gid: nix::unistd::getegid().as_raw(),
                home: home.to_str().unwrap().into(),
                shell: "/bin/sh".into(),
            },
            drop_privileges: false,
            env: BTreeMap::new(),
            service_env: SecretEnv::default(),
            scrollback_bytes: 1024 * 1024,
            limits: Limits::default(),
        },
        run_dir: folder.path().join("run"),
        start_script: folder.path().join("start"),
        scope: ReapScope::Own,
    };
    change(&mut setup);
    let agent = Agent::start(setup).unwrap();
    let client = connect(&agent).await;
    Machine {
        agent,
        client,
        home,
        _folder: folder,
    }
}

pub(crate) async fn connect(agent: &Arc<Agent>) -> AgentClient {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(agent.clone().serve(far));
    let (client, driver) = AgentClient::handshake(near).await.unwrap();
    tokio::spawn(driver);
    client
}

pub(crate) fn sh(script: &str) -> ExecRequest {
    ExecRequest::new(RunAs::Learner, ["/bin/sh", "-c", script])
}

pub(crate) fn text(outcome: &ExecOutcome) -> String {
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

pub(crate) fn name(text: &str) -> TerminalName {
    TerminalName::new(text).unwrap()
}

pub(crate) fn terminal(text: &str) -> OpenTerminal {
    OpenTerminal {
        name: name(text),
        cols: 80,
        rows: 24,
        argv: None,
    }
}

pub(crate) fn terminal_running(text: &str, argv: &[&str]) -> OpenTerminal {
    let argv = Some(argv.iter().map(|a| (*a).to_owned()).collect());
    OpenTerminal {
        argv,
        ..terminal(text)
    }
}

/// Reads until the output contains `wanted`; returns all of it and the offset after it.
pub(crate) async fn read_until(receiver: &mut TerminalReceiver, wanted: &[u8]) -> (Vec<u8>, u64) {
    let mut seen = Vec::new();
    let mut end = 0;
    let reading = async {
        while !seen.windows(wanted.len()).any(|window| window == wanted) {
            match receiver.next().await.unwrap() {
                Some(TerminalEvent::Data { offset, bytes }) => {
                    end = offset + bytes.len() as u64;
                    seen.extend_from_slice(&bytes);
                }
                Some(TerminalEvent::Skipped { .. }) => {}
                other => panic!("{other:?} after {}", String::from_utf8_lossy(&seen)),
            }
        }
    };
    let result = tokio::time::timeout(LONG, reading).await;
    assert!(result.is_ok(), "only {:?}", String::from_utf8_lossy(&seen));
    (seen, end)
}

/// Waits until a condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let waiting = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(LONG, waiting).await.is_ok(),
        "never: {what}"
    );
}

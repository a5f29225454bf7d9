//! What the tests of the whole program share: a place for a server, learners, what they wait for.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test program uses a part of it"
)]

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use slipway::{
    config::Config,
    domain::{
        ids::UserId,
        sandbox::SandboxState,
        user::{Role, User},
    },
    lifecycle::{assemble, shut_down, start_background},
    services::App,
    store::{attempts::Attempt, sandboxes::Sandbox},
};
use slipway_agent::protocol::TerminalEvent;
use tokio::time::timeout;

use crate::sandbox_support::{agent_program, image, slug};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A folder of labs (the fixture, with the real images) and one for data.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub engine_host: Option<String>,
}

impl Place {
    pub async fn new() -> Self {
        // Built before any of the tests' time-outs runs.
        image("base").await;
        let dir = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&here.join("tests/fixtures/labs"), &dir.path().join("labs"));
        std::os::unix::fs::symlink(here.join("labs/images"), dir.path().join("labs/images"))
            .unwrap();
        Self {
            dir,
            engine_host: std::env::var("DOCKER_HOST").ok(),
        }
    }

    /// A server's insides on this place, running.
    pub async fn start(&self, change: impl FnOnce(&mut Config)) -> App {
        let mut config = Config {
            data_dir: self.dir.path().join("data"),
            labs_dir: self.dir.path().join("labs"),
            agent_binary: Some(agent_program()),
            engine_host: self.engine_host.clone(),
            sandbox_subnets: "10.215.0.0/16".to_owned(),
            ..Config::default()
        };
        change(&mut config);
        let app = assemble(config).await.unwrap();
        assert_eq!(app.publish_labs().await.unwrap().errors, 0);
        start_background(&app).await.unwrap();
        app
    }
}

pub fn copy(from: &Path, to: &PathBuf) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Ends a server and all it left on the engine.
pub async fn tear_down(app: App) {
    app.stop.cancel();
    for seen in app.engine.observe().await.unwrap() {
        app.engine.remove(seen.id).await.unwrap();
    }
    shut_down(&app).await;
}

pub async fn learner(app: &App, name: &str) -> UserId {
    let user = User {
        id: UserId::generate(),
        username: name.parse().unwrap(),
        role: Role::Student,
        created_at: app.clock.now(),
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.insert_user(&user, "!").await.unwrap().unwrap();
    tx.commit().await.unwrap();
    user.id
}

pub async fn attempt(app: &App, name: &str) -> Attempt {
    let user = learner(app, name).await;
    app.start_attempt(user, &slug("first")).await.unwrap()
}

/// Waits until the attempt's sandbox is as wanted.
pub async fn until(app: &App, attempt: &Attempt, wanted: impl Fn(&Sandbox) -> bool) -> Sandbox {
    let mut events = app.events.subscribe(attempt.id);
    let wait = async {
        loop {
            let sandbox = app.store.latest_sandbox(attempt.id).await.unwrap().unwrap();
            if wanted(&sandbox) {
                return sandbox;
            }
            let _ = events.recv().await;
        }
    };
    timeout(PATIENCE, wait)
        .await
        .expect("the sandbox does not get there")
}

pub async fn ready(app: &App, attempt: &Attempt) -> Sandbox {
    app.start_sandbox(attempt).await.unwrap();
    until(app, attempt, |s| s.state == SandboxState::Ready).await
}

/// Types into the first terminal and reads until `end` is printed.
pub async fn type_and_read(app: &App, attempt: &Attempt, text: &str, end: &str) -> String {
    let mut view = app
        .open_terminal(attempt, &slug("desk"), 1, None)
        .await
        .unwrap();
    view.sender
        .input(Bytes::from(text.to_owned()))
        .await
        .unwrap();
    read_until(&mut view, end).await
}

pub async fn read_until(
    view: &mut slipway::services::workspace::TerminalView,
    end: &str,
) -> String {
    let mut seen = Vec::new();
    let read = async {
        loop {
            if let Some(TerminalEvent::Data { offset, bytes }) = view.receiver.next().await.unwrap()
            {
                seen.extend_from_slice(&bytes);
                view.sender.ack(offset + bytes.len() as u64).await.unwrap();
            }
            let text = String::from_utf8_lossy(&seen);
            if text.contains(end) {
                return text.into_owned();
            }
        }
    };
    timeout(PATIENCE, read)
        .await
        .expect("the terminal does not say it")
}

/// Waits until nothing of ours is on the engine: what the reconciler does next has no event.
pub async fn until_engine_is_empty(app: &App) {
    let wait = async {
        while !app.engine.observe().await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("machines are left");
}

//! From running machines to a place to work in: services up, files in place, set-up done.

use std::time::Duration;

use slipway_agent::{
    client::{AgentClient, AgentError},
    protocol::{ExecOutcome, ExecRequest, ExecStatus, FileVersion, RelPath, RunAs},
};

use super::{App, spec};
use crate::{
    domain::{
        ids::{SandboxId, Slug},
        lab::Lab,
        sandbox::{EndReason, SandboxState},
    },
    services::{ServiceError, agents::ConnectError, events::Event},
    store::sandboxes::Sandbox,
};

/// How long a machine may take until its agent answers.
const AGENT_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two tries to reach an agent that is not up yet.
const AGENT_RETRY: Duration = Duration::from_millis(100);
/// How long the services of an image may take until they are ready: a cluster takes a quarter of a
/// minute, and much longer where many start at once.
const READY_TIMEOUT: Duration = Duration::from_mins(5);
/// How long a lab's set-up script may take.
const SETUP_TIMEOUT: Duration = Duration::from_mins(2);

/// Waits inside the machine, so that nothing crosses the wire meanwhile. The path is the images'
/// convention (`docs/LAB-FORMAT.md`).
const WAIT_UNTIL_READY: &str = "[ -x /etc/slipway/ready ] || exit 0
until /etc/slipway/ready >/dev/null 2>&1; do sleep 0.2; done";

/// Why a sandbox could not be prepared.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    #[error("machine `{0}`: {1}")]
    Connect(Slug, ConnectError),
    #[error("machine `{0}`: {1}")]
    Agent(Slug, AgentError),
    #[error("machine `{machine}` did not become ready within {} s: {log}", READY_TIMEOUT.as_secs())]
    NotReady { machine: Slug, log: String },
    #[error("the set-up script {0}")]
    Setup(String),
    #[error("the file `{0}` of the lab is missing or has an unusable path")]
    File(String),
}

impl App {
    /// Prepares a sandbox whose machines run, and tells its learner.
    pub(super) async fn prepare(&self, sandbox: &Sandbox) -> Result<(), ServiceError> {
        // It may have been prepared since it was read: a second time would undo first work.
        let now = self.store.sandbox(sandbox.id).await?;
        if !now.is_some_and(|now| {
            now.state == SandboxState::Preparing && now.generation == sandbox.generation
        }) {
            return Ok(());
        }
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let files = self.store.lab_files(sandbox.lab_version_id).await?;
        if let Err(error) = self.prepare_machines(sandbox, &version.lab, &files).await {
            tracing::error!(sandbox.id = %sandbox.id, %error, "sandbox can't be prepared");
            return self
                .end_sandbox(sandbox, EndReason::Failed, Some(&error.to_string()))
                .await;
        }
        let now = self.clock.now();
        let expires = now.plus(version.lab.duration.duration());
        let mut tx = self.store.begin().await?;
        let ready = tx
            .sandbox_ready(sandbox.id, sandbox.generation, now, expires)
            .await?;
        tx.commit().await?;
        if ready {
            tracing::info!(
                sandbox.id = %sandbox.id, sandbox.state = %SandboxState::Ready,
                since_request_ms = now.since(sandbox.requested_at).as_millis(),
                "sandbox moved on"
            );
            self.events.publish(sandbox.attempt_id, Event::Sandbox);
        }
        Ok(())
    }

    async fn prepare_machines(
        &self,
        sandbox: &Sandbox,
        lab: &Lab,
        files: &std::collections::BTreeMap<String, Vec<u8>>,
    ) -> Result<(), PrepareError> {
        // All machines at once: the slowest decides.
        let ready = spec::machines(lab).into_iter().map(async |name| {
            let agent = self.reach(sandbox.id, sandbox.generation, &name).await?;
            wait_until_ready(&name, &agent).await?;
            Ok((name, agent))
        });
        let agents = futures_util::future::try_join_all(ready).await?;
        if lab.mirror {
            // Before the set-up, which may want to pull.
            self.open_gateway(sandbox);
        }
        let Some(first) = lab.machines.first() else {
            return Ok(());
        };
        let Some((_, desk)) = agents.iter().find(|(name, _)| *name == first.name) else {
            return Ok(());
        };
        let keeps_home = sandbox.generation > 1 && lab.reset_keeps_home;
        for (target, source) in &lab.files {
            let content = files
                .get(source)
                .ok_or_else(|| PrepareError::File(source.clone()))?;
            put_file(&first.name, desk, target, content, keeps_home).await?;
        }
        if let Some(script) = &lab.setup {
            let content = files
                .get(script)
                .ok_or_else(|| PrepareError::File(script.clone()))?;
            run_setup(&first.name, desk, content).await?;
        }
        Ok(())
    }

    pub(super) async fn reach(
        &self,
        sandbox: SandboxId,
        generation: u32,
        name: &Slug,
    ) -> Result<AgentClient, PrepareError> {
        let started = tokio::time::Instant::now();
        loop {
            match self.agents.get(sandbox, generation, name).await {
                Ok(agent) => return Ok(agent),
                // The container runs before the agent in it listens, and nothing tells when.
                Err(_) if started.elapsed() < AGENT_TIMEOUT => {
                    tokio::time::sleep(AGENT_RETRY).await;
                }
                Err(error) => return Err(PrepareError::Connect(name.clone(), error)),
            }
        }
    }
}

pub(super) async fn wait_until_ready(name: &Slug, agent: &AgentClient) -> Result<(), PrepareError> {
    if *name == spec::grader_name() {
        return Ok(());
    }
    let argv = ["/bin/sh", "-c", WAIT_UNTIL_READY];
    let request = ExecRequest::new(RunAs::Root, argv).timeout(READY_TIMEOUT);
    let outcome = agent
        .exec(&request)
        .await
        .map_err(|e| PrepareError::Agent(name.clone(), e))?;
    if outcome.succeeded() {
        return Ok(());
    }
    let tail = agent
        .service_status()
        .await
        .map(|s| s.log_tail)
        .unwrap_or_default();
    let log = String::from_utf8_lossy(&tail[tail.len().saturating_sub(2000)..]).into_owned();
    Err(PrepareError::NotReady {
        machine: name.clone(),
        log,
    })
}

async fn put_file(
    name: &Slug,
    agent: &AgentClient,
    target: &str,
    content: &[u8],
    keep_existing: bool,
) -> Result<(), PrepareError> {
    let failed = |e| PrepareError::Agent(name.clone(), e);
    let path = RelPath::new(target).map_err(|_| PrepareError::File(target.to_owned()))?;
    let mut folders = Vec::new();
    let mut at = path.clone();
    while let Some((parent, _)) = at.split() {
        if parent.is_home() {
            break;
        }
        folders.push(parent.clone());
        at = parent;
    }
    for folder in folders.iter().rev() {
        match agent.create_dir(folder).await {
            Ok(()) => {}
            Err(e) if e.code() == Some(slipway_agent::protocol::ErrorCode::Conflict) => {}
            Err(e) => return Err(failed(e)),
        }
    }
    let only_new = keep_existing.then(FileVersion::absent);
    match agent.write_file(&path, content.to_vec(), only_new).await {
        Ok(_) => Ok(()),
        Err(e)
            if keep_existing && e.code() == Some(slipway_agent::protocol::ErrorCode::Conflict) =>
        {
            Ok(())
        }
        Err(e) => Err(failed(e)),
    }
}

async fn run_setup(name: &Slug, agent: &AgentClient, script: &[u8]) -> Result<(), PrepareError> {
    let argv = ["/bin/sh", "-c", "exec /bin/bash \"$SLIPWAY_DIR/setup.sh\""];
    let request = ExecRequest::new(RunAs::Root, argv)
        .file("setup.sh", 0o700, script)
        .timeout(SETUP_TIMEOUT)
        .keep_leftovers();
    let outcome = agent
        .exec(&request)
        .await
        .map_err(|e| PrepareError::Agent(name.clone(), e))?;
    if outcome.succeeded() {
        Ok(())
    } else {
        Err(PrepareError::Setup(describe(&outcome)))
    }
}

/// How a command ended, with the end of what it said.
pub fn describe(outcome: &ExecOutcome) -> String {
    let how = match &outcome.status {
        ExecStatus::Exited { code } => format!("ended with code {code}"),
        other => format!("did not end by itself ({other:?})"),
    };
    let said = if outcome.stderr.is_empty() {
        &outcome.stdout
    } else {
        &outcome.stderr
    };
    let tail = &said[said.len().saturating_sub(1000)..];
    format!("{how}: {}", String::from_utf8_lossy(tail).trim())
}

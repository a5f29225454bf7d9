//! Checks against the machines of a real sandbox.
#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

use std::{sync::Mutex, time::Duration};

use slipway::{
    domain::{
        check::Check,
        ids::{SandboxId, Slug},
        submission::CheckResult,
    },
    grading::{Machines, Sampling, Secret, Unreachable, run_check},
    sandbox::{Engine as _, docker::DockerEngine},
};
use slipway_agent::client::AgentClient;
use tokio::task::JoinSet;

use crate::{
    fake::Bench,
    sandbox_support::{Running, slug},
};

/// The password of the user `grader` in the sandbox's services.
pub(crate) const SECRET: &str = "a-secret-that-no-learner-sees";

/// A sandbox with what grading needs.
pub(crate) struct Real {
    engine: std::sync::Arc<DockerEngine>,
    id: SandboxId,
    secret: Secret,
    bench: Bench,
    connections: Mutex<JoinSet<()>>,
}

impl Real {
    /// The machines and cluster of `lab`, as in a lab file, are those of the sandbox.
    pub(crate) fn new(running: &Running, lab: &str, files: &[(&str, &str)]) -> Self {
        let head = "id: test\ntitle: {zh: 测, en: T}\nsummary: {zh: 测, en: T}\nlevel: beginner\n\
                    duration: 25m\nsteps: []\n";
        let mut bench = Bench {
            lab: serde_saphyr::from_str(&format!("{head}{lab}")).unwrap(),
            ..Bench::default()
        };
        bench.pace.retry_after = Duration::from_millis(500);
        for (name, content) in files {
            bench
                .files
                .insert((*name).to_owned(), content.as_bytes().to_vec());
        }
        Self {
            engine: running.engine.clone(),
            id: running.spec.id,
            secret: Secret::new(SECRET),
            bench,
            connections: Mutex::default(),
        }
    }

    /// As for a submission.
    pub(crate) async fn look(&self, check: &Check) -> CheckResult {
        run_check(&self.bench.context(self), check, Sampling::Settled).await
    }

    async fn connect(&self, machine: &Slug) -> Result<AgentClient, Unreachable> {
        let ours = |error: &dyn std::fmt::Display| Unreachable::Ours(error.to_string());
        let stream = self.engine.connect(self.id, machine).await;
        let stream = stream.map_err(|e| ours(&e))?;
        let (client, driver) = AgentClient::handshake(stream).await.map_err(|e| ours(&e))?;
        self.connections.lock().unwrap().spawn(driver);
        Ok(client)
    }
}

impl Machines for Real {
    async fn agent(&self, machine: &Slug) -> Result<AgentClient, Unreachable> {
        self.connect(machine).await
    }

    async fn grader(&self) -> Result<AgentClient, Unreachable> {
        self.connect(&slug("grader")).await
    }

    fn address(&self, machine: &Slug) -> String {
        machine.to_string()
    }

    fn secret(&self) -> &Secret {
        &self.secret
    }
}

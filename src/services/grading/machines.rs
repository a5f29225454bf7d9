//! How grading reaches the machines of a sandbox.

use crate::{
    domain::ids::{SandboxId, Slug},
    grading::{Machines, Secret, Unreachable},
    sandbox::{EngineError, MachineState},
    services::{App, agents::ConnectError, sandboxes::grader_name},
    store::sandboxes::Sandbox,
};
use slipway_agent::client::AgentClient;

/// The machines of one generation of one sandbox.
#[derive(Debug)]
pub struct SandboxMachines {
    app: App,
    id: SandboxId,
    generation: u32,
    secret: Secret,
}

impl SandboxMachines {
    /// The machines of this sandbox.
    pub fn new(app: &App, sandbox: &Sandbox) -> Self {
        Self {
            app: app.clone(),
            id: sandbox.id,
            generation: sandbox.generation,
            secret: Secret::new(sandbox.secret.clone()),
        }
    }

    async fn get(&self, machine: &Slug) -> Result<AgentClient, Unreachable> {
        let error = match self.app.agents.get(self.id, self.generation, machine).await {
            Ok(agent) => return Ok(agent),
            Err(error) => error,
        };
        // Whose fault it is only the engine knows: a machine that does not run, although nobody
        // ended it, was broken from inside.
        let is_gone = match &error {
            ConnectError::Engine(EngineError::NotRunning(_)) => true,
            _ => match self.app.engine.observe().await {
                Ok(observed) => !observed.iter().any(|o| {
                    o.id == self.id
                        && o.machines
                            .iter()
                            .any(|m| m.name == *machine && m.state == MachineState::Running)
                }),
                Err(_) => false,
            },
        };
        if is_gone {
            Err(Unreachable::Gone)
        } else {
            Err(Unreachable::Ours(error.to_string()))
        }
    }
}

impl Machines for SandboxMachines {
    async fn agent(&self, machine: &Slug) -> Result<AgentClient, Unreachable> {
        self.get(machine).await
    }

    async fn grader(&self) -> Result<AgentClient, Unreachable> {
        self.get(&grader_name()).await
    }

    fn address(&self, machine: &Slug) -> String {
        machine.to_string()
    }

    fn secret(&self) -> &Secret {
        &self.secret
    }
}

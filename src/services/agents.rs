//! Connections to the agents of machines: one a machine, opened when first needed, opened again
//! when it broke.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use slipway_agent::client::{AgentClient, AgentError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    domain::ids::{SandboxId, Slug},
    sandbox::{Engine, EngineError},
};

/// How long the agent may take to answer the first request.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a machine's agent can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The engine said no.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agent did not answer, or not as one.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The agent did not answer in time.
    #[error("the machine's agent did not answer in time")]
    Timeout,
}

/// One generation of one machine.
type Key = (SandboxId, u32, Slug);
/// The lock is held while connecting, so that many callers open one connection.
type Slot = Arc<tokio::sync::Mutex<Option<AgentClient>>>;

/// The open connections.
pub struct Agents {
    engine: Arc<dyn Engine>,
    slots: Mutex<HashMap<Key, Slot>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl std::fmt::Debug for Agents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agents").finish_non_exhaustive()
    }
}

impl Agents {
    /// No connection yet. Drivers run on `tasks` until `stop`.
    pub fn new(engine: Arc<dyn Engine>, tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self {
            engine,
            slots: Mutex::default(),
            tasks,
            stop,
        }
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The agent of a machine.
    pub async fn get(
        &self,
        sandbox: SandboxId,
        generation: u32,
        machine: &Slug,
    ) -> Result<AgentClient, ConnectError> {
        let key = (sandbox, generation, machine.clone());
        let slot = Arc::clone(self.slots().entry(key).or_default());
        let mut slot = slot.lock().await;
        if let Some(client) = slot.as_ref().filter(|c| !c.is_closed()) {
            return Ok(client.clone());
        }
        *slot = None;
        let connect = async {
            let stream = self.engine.connect(sandbox, machine).await?;
            let (client, driver) = AgentClient::handshake(stream).await?;
            let stop = self.stop.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = driver => {}
                    () = stop.cancelled() => {}
                }
            });
            client.info().await?;
            Ok::<_, ConnectError>(client)
        };
        let client = tokio::time::timeout(HANDSHAKE_TIMEOUT, connect)
            .await
            .map_err(|_| ConnectError::Timeout)??;
        *slot = Some(client.clone());
        Ok(client)
    }

    /// Forgets the connections to a sandbox: it ended, or was made anew.
    pub fn forget(&self, sandbox: SandboxId) {
        self.slots().retain(|(id, _, _), _| *id != sandbox);
    }
}

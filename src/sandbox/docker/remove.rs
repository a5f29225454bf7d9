//! Taking sandboxes away, and freezing them.

use std::time::Duration;

use bollard::query_parameters::{RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder};
use futures_util::future::{join_all, try_join_all};

use super::{
    client::DockerEngine,
    error::{gone_is_fine, within},
    observe::Ours,
};
use crate::{
    domain::ids::SandboxId,
    sandbox::engine::{EngineError, MachineState},
};

/// How often something in use is tried again: the engine lets go of volumes and networks a moment
/// after their last container.
const ATTEMPTS: u32 = 6;

/// The first pause between attempts; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

impl DockerEngine {
    pub(super) async fn remove_sandbox(&self, id: SandboxId) -> Result<(), EngineError> {
        self.remove_where(id, |_| true, |_| true).await
    }

    /// Removes those containers and networks of a sandbox that `part` names, and those volumes that
    /// `volume` names.
    pub(super) async fn remove_where(
        &self,
        id: SandboxId,
        part: impl Fn(&Ours) -> bool,
        volume: impl Fn(&Ours) -> bool,
    ) -> Result<(), EngineError> {
        let containers = self.list_containers(Some(id)).await?;
        first_error(
            join_all(
                containers
                    .iter()
                    .filter(|c| part(c))
                    .map(|c| self.remove_container(&c.id)),
            )
            .await,
        )?;
        let (volumes, networks) =
            tokio::try_join!(self.list_volumes(Some(id)), self.list_networks(Some(id)))?;
        let volumes = join_all(
            volumes
                .iter()
                .filter(|v| volume(v))
                .map(|v| self.remove_volume(&v.id)),
        );
        let networks = join_all(
            networks
                .iter()
                .filter(|n| part(n))
                .map(|n| self.remove_network(&n.id)),
        );
        let (volumes, networks) = tokio::join!(volumes, networks);
        first_error(volumes)?;
        first_error(networks)
    }

    pub(super) async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        again_while_in_use(|| {
            let options = RemoveContainerOptionsBuilder::default()
                .force(true)
                .v(true)
                .build();
            within(
                "remove a container",
                self.timeouts().remove,
                docker.remove_container(id, Some(options)),
            )
        })
        .await
    }

    pub(super) async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        again_while_in_use(|| {
            let options = RemoveVolumeOptionsBuilder::default().build();
            within(
                "remove a volume",
                self.timeouts().remove,
                docker.remove_volume(name, Some(options)),
            )
        })
        .await
    }

    async fn remove_network(&self, id: &str) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        again_while_in_use(|| {
            within(
                "remove a network",
                self.timeouts().remove,
                docker.remove_network(id),
            )
        })
        .await
    }

    pub(super) async fn pause_sandbox(&self, id: SandboxId) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let limit = self.timeouts().start;
        self.each_in_state(id, MachineState::Running, async |container: String| {
            within(
                "freeze a machine",
                limit,
                docker.pause_container(&container),
            )
            .await
        })
        .await
    }

    pub(super) async fn unpause_sandbox(&self, id: SandboxId) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let limit = self.timeouts().start;
        self.each_in_state(id, MachineState::Paused, async |container: String| {
            within(
                "thaw a machine",
                limit,
                docker.unpause_container(&container),
            )
            .await
        })
        .await
    }

    async fn each_in_state<F>(
        &self,
        id: SandboxId,
        state: MachineState,
        act: impl Fn(String) -> F,
    ) -> Result<(), EngineError>
    where
        F: Future<Output = Result<(), EngineError>>,
    {
        let containers = self.list_containers(Some(id)).await?;
        if containers.is_empty() {
            return Err(EngineError::NotRunning(format!("sandbox {id}")));
        }
        try_join_all(
            containers
                .into_iter()
                .filter(|c| c.state == state)
                .map(|c| act(c.id)),
        )
        .await
        .map(drop)
    }
}

async fn again_while_in_use<F>(remove: impl Fn() -> F) -> Result<(), EngineError>
where
    F: Future<Output = Result<(), EngineError>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match gone_is_fine(remove().await) {
            // 403 for networks comes as `Other`; the text is the same in all versions.
            Err(EngineError::Conflict(_)) => {}
            Err(EngineError::Other(text)) if text.contains("has active endpoints") => {}
            done => return done,
        }
        // The engine announces nothing that could be awaited here.
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    gone_is_fine(remove().await)
}

fn first_error(results: Vec<Result<(), EngineError>>) -> Result<(), EngineError> {
    results.into_iter().collect()
}

//! What of ours the engine holds.

use std::{collections::BTreeMap, time::Duration};

use bollard::{
    models::{ContainerStatsResponse, ContainerSummaryStateEnum as State},
    query_parameters::{
        ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
        StatsOptionsBuilder,
    },
};
use futures_util::{StreamExt, future::join_all};

use super::{
    client::DockerEngine,
    error::within,
    labels::{self, Labelled},
};
use crate::{
    domain::ids::{SandboxId, Slug},
    sandbox::engine::{EngineError, MachineObserved, MachineState, MachineStats, Observed},
};

/// A container, network or volume of ours.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    /// The engine's id; the name where it has none.
    pub(super) id: String,
    pub(super) labelled: Labelled,
    /// How it is, if it is a container.
    pub(super) state: MachineState,
}

impl Ours {
    /// Whether it belongs to this sandbox, or any where none is given. The engine's filter is not
    /// enough: Podman's list of volumes takes two labels for "one or the other".
    fn is_of(&self, sandbox: Option<SandboxId>) -> bool {
        sandbox.is_none_or(|id| self.labelled.sandbox == id)
    }
}

impl DockerEngine {
    pub(super) async fn list_containers(
        &self,
        sandbox: Option<SandboxId>,
    ) -> Result<Vec<Ours>, EngineError> {
        let docker = self.docker().await?;
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&labels::filter(self.instance(), sandbox))
            .build();
        let found = within(
            "list containers",
            self.timeouts().question,
            docker.list_containers(Some(options)),
        )
        .await?;
        Ok(found
            .into_iter()
            .filter_map(|c| {
                Some(Ours {
                    id: c.id?,
                    labelled: Labelled::read(c.labels.as_ref(), self.instance())?,
                    state: state(c.state),
                })
            })
            .filter(|ours| ours.is_of(sandbox))
            .collect())
    }

    pub(super) async fn list_volumes(
        &self,
        sandbox: Option<SandboxId>,
    ) -> Result<Vec<Ours>, EngineError> {
        let docker = self.docker().await?;
        let options = ListVolumesOptionsBuilder::default()
            .filters(&labels::filter(self.instance(), sandbox))
            .build();
        let found = within(
            "list volumes",
            self.timeouts().question,
            docker.list_volumes(Some(options)),
        )
        .await?;
        Ok(found
            .volumes
            .into_iter()
            .flatten()
            .filter_map(|v| {
                Some(Ours {
                    labelled: Labelled::read(Some(&v.labels), self.instance())?,
                    id: v.name,
                    state: MachineState::Created,
                })
            })
            .filter(|ours| ours.is_of(sandbox))
            .collect())
    }

    pub(super) async fn list_networks(
        &self,
        sandbox: Option<SandboxId>,
    ) -> Result<Vec<Ours>, EngineError> {
        let docker = self.docker().await?;
        let options = ListNetworksOptionsBuilder::default()
            .filters(&labels::filter(self.instance(), sandbox))
            .build();
        let found = within(
            "list networks",
            self.timeouts().question,
            docker.list_networks(Some(options)),
        )
        .await?;
        Ok(found
            .into_iter()
            .filter_map(|n| {
                Some(Ours {
                    labelled: Labelled::read(n.labels.as_ref(), self.instance())?,
                    id: n.id?,
                    state: MachineState::Created,
                })
            })
            .filter(|ours| ours.is_of(sandbox))
            .collect())
    }

    pub(super) async fn observe_all(&self) -> Result<Vec<Observed>, EngineError> {
        let (containers, volumes, networks) = tokio::try_join!(
            self.list_containers(None),
            self.list_volumes(None),
            self.list_networks(None)
        )?;
        Ok(gather(containers, volumes, networks))
    }

    pub(super) async fn read_stats(&self, id: SandboxId) -> Result<Vec<MachineStats>, EngineError> {
        let docker = self.docker().await?;
        let containers = self.list_containers(Some(id)).await?;
        let asked = containers
            .into_iter()
            .filter(|c| c.state == MachineState::Running)
            .filter_map(|c| {
                let name = c.labelled.machine?;
                let docker = docker.clone();
                Some(async move {
                    let options = StatsOptionsBuilder::default()
                        .stream(false)
                        .one_shot(true)
                        .build();
                    let mut answers = Box::pin(docker.stats(&c.id, Some(options)));
                    let answer = within("read statistics", self.timeouts().question, async {
                        answers.next().await.transpose()
                    })
                    .await?;
                    Ok(answer.map(|stats| machine_stats(name, &stats)))
                })
            });
        join_all(asked)
            .await
            .into_iter()
            .filter_map(|answer| match answer {
                // It ended in between.
                Err(EngineError::NotRunning(_)) => None,
                other => other.transpose(),
            })
            .collect()
    }
}

fn gather(containers: Vec<Ours>, volumes: Vec<Ours>, networks: Vec<Ours>) -> Vec<Observed> {
    let mut found: BTreeMap<SandboxId, Observed> = BTreeMap::new();
    for (ours, is_machine) in containers
        .into_iter()
        .map(|c| (c, true))
        .chain(volumes.into_iter().chain(networks).map(|o| (o, false)))
    {
        let Labelled {
            sandbox,
            generation,
            owner,
            deadline,
            machine,
        } = ours.labelled;
        let seen = found.entry(sandbox).or_insert(Observed {
            id: sandbox,
            generation,
            owner: None,
            deadline: None,
            machines: Vec::new(),
        });
        seen.generation = seen.generation.max(generation);
        seen.owner = seen.owner.or(owner);
        seen.deadline = seen.deadline.max(deadline);
        if let (true, Some(name)) = (is_machine, machine) {
            seen.machines.push(MachineObserved {
                name,
                generation,
                state: ours.state,
            });
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    for seen in &mut found {
        seen.machines
            .sort_by(|a, b| (&a.name, a.generation).cmp(&(&b.name, b.generation)));
    }
    found
}

const fn state(state: Option<State>) -> MachineState {
    match state {
        Some(State::RUNNING | State::RESTARTING) => MachineState::Running,
        Some(State::PAUSED) => MachineState::Paused,
        Some(State::CREATED | State::EMPTY) | None => MachineState::Created,
        Some(State::EXITED | State::DEAD | State::REMOVING | State::STOPPING) => {
            MachineState::Exited
        }
    }
}

/// Memory is counted as `docker stats` does: what is charged to the machine, without the page cache
/// that has not been used lately, which the kernel drops first. Folders in memory stay in it.
fn machine_stats(name: Slug, stats: &ContainerStatsResponse) -> MachineStats {
    let memory = stats.memory_stats.as_ref();
    let cache = memory.and_then(|m| {
        let parts = m.stats.as_ref()?;
        // The first is cgroup v1's name, the second v2's.
        parts
            .get("total_inactive_file")
            .or_else(|| parts.get("inactive_file"))
            .copied()
    });
    MachineStats {
        name,
        memory_bytes: memory
            .and_then(|m| m.usage)
            .unwrap_or(0)
            .saturating_sub(cache.unwrap_or(0)),
        cpu: Duration::from_nanos(
            stats
                .cpu_stats
                .as_ref()
                .and_then(|c| c.cpu_usage.as_ref()?.total_usage)
                .unwrap_or(0),
        ),
        pids: stats
            .pids_stats
            .as_ref()
            .and_then(|p| p.current)
            .unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ContainerMemoryStats;

    use super::*;

    #[test]
    fn memory_in_use_leaves_out_page_cache_that_can_be_dropped() {
        let used = |stats: Option<&[(&str, u64)]>| {
            let stats = ContainerStatsResponse {
                memory_stats: Some(ContainerMemoryStats {
                    usage: Some(1000),
                    stats: stats.map(|s| s.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()),
                    ..ContainerMemoryStats::default()
                }),
                ..ContainerStatsResponse::default()
            };
            machine_stats("desk".parse().unwrap(), &stats).memory_bytes
        };
        // cgroup v1 has both, and the total is what nested groups add up to.
        let v1 = [
            ("inactive_file", 100),
            ("total_inactive_file", 300),
            ("total_active_file", 50),
        ];
        assert_eq!(used(Some(&v1)), 700);
        let v2 = [("inactive_file", 200), ("active_file", 50)];
        assert_eq!(used(Some(&v2)), 800);
        assert_eq!(used(None), 1000);
        assert_eq!(used(Some(&[("inactive_file", 2000)])), 0);
    }

    #[test]
    fn what_an_engine_lists_of_another_sandbox_is_not_taken_for_this_one_s() {
        let id = SandboxId::generate();
        let ours = Ours {
            id: "volume".to_owned(),
            labelled: Labelled {
                sandbox: id,
                generation: 0,
                owner: None,
                deadline: None,
                machine: None,
            },
            state: MachineState::Created,
        };
        assert!(ours.is_of(None));
        assert!(ours.is_of(Some(id)));
        assert!(!ours.is_of(Some(SandboxId::generate())));
    }
}

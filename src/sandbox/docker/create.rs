//! Making a sandbox.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use slipway_agent::protocol::{AgentConfig, Learner, SecretEnv, Validate};

use super::{client::DockerEngine, container::Plan, observe::Ours, volume};
use crate::{
    domain::ids::Slug,
    sandbox::{
        engine::{EngineError, GRADER, MachineSpec, MachineState, SandboxSpec},
        network::SubnetPool,
        profiles::{self, MachineSettings, VolumeRole},
    },
};

/// The last part of the first machine's address: the network's own and the bridge's come before.
const FIRST_HOST: u32 = 2;

/// Machines that fit into a network, the grader included.
const MAX_MACHINES: usize = (1 << (32 - SubnetPool::PREFIX)) - 3;

impl DockerEngine {
    pub(super) async fn create_sandbox(&self, spec: &SandboxSpec) -> Result<(), EngineError> {
        let plans = self.plan(spec)?;
        self.check_podman(spec).await?;
        let existing = self.list_containers(Some(spec.id)).await?;
        if is_complete(spec, &existing) {
            return self.remove_other_generations(spec).await;
        }
        let keeps_home = spec.machines.iter().any(|m| m.keep_home);
        let has_older = existing
            .iter()
            .any(|c| c.labelled.generation != spec.generation);
        if keeps_home && has_older {
            // A home in memory lives as long as a container has it mounted: the older machines stay,
            // frozen, until the new ones hold it.
            self.remove_generation(spec).await?;
            if let Err(error) = self.pause_sandbox(spec.id).await {
                tracing::warn!(sandbox.id = %spec.id, "could not freeze the older machines: {error}");
            }
        } else {
            self.remove_where(spec.id, |_| true, |_| true).await?;
        }
        match self.make(spec, &plans).await {
            Ok(()) => self.remove_other_generations(spec).await,
            Err(error) => {
                // The error that stopped us is the one to tell; leftovers are the reconciler's.
                if let Err(again) = self.remove_generation(spec).await {
                    tracing::warn!(sandbox.id = %spec.id, "could not clean up: {again}");
                }
                Err(error)
            }
        }
    }

    async fn make(&self, spec: &SandboxSpec, plans: &[Plan]) -> Result<(), EngineError> {
        // Everything to its end, even when something fails: what is half made can't be removed.
        let (network, prepared) = tokio::join!(
            self.create_network(spec),
            join_all(plans.iter().map(|plan| self.prepare_machine(spec, plan)))
        );
        let network = network?;
        let prepared = prepared.into_iter().collect::<Result<Vec<_>, _>>()?;
        let hosts: Vec<String> = plans
            .iter()
            .flat_map(|plan| {
                let address = network.subnet.host(plan.host_number);
                let own = (plan.name != GRADER).then_some(plan.name.as_str());
                own.into_iter()
                    .chain(plan.known_as.iter().map(Slug::as_str))
                    .map(move |name| format!("{name}:{address}"))
            })
            .collect();
        join_all(
            plans
                .iter()
                .zip(prepared)
                .map(|(plan, ready)| self.create_machine(spec, plan, &network, &hosts, ready)),
        )
        .await
        .into_iter()
        .collect()
    }

    /// What exists of the generation that is to be made, homes that are kept aside.
    async fn remove_generation(&self, spec: &SandboxSpec) -> Result<(), EngineError> {
        let is_this = |part: &Ours| part.labelled.generation == spec.generation;
        let kept = kept_homes(spec);
        self.remove_where(spec.id, is_this, |v| is_this(v) && !kept.contains(&v.id))
            .await
    }

    async fn remove_other_generations(&self, spec: &SandboxSpec) -> Result<(), EngineError> {
        let is_other = |part: &Ours| part.labelled.generation != spec.generation;
        let kept = kept_homes(spec);
        self.remove_where(spec.id, is_other, |v| is_other(v) && !kept.contains(&v.id))
            .await
    }

    fn plan(&self, spec: &SandboxSpec) -> Result<Vec<Plan>, EngineError> {
        let names: BTreeSet<&str> = spec.machines.iter().map(|m| m.name.as_str()).collect();
        let reserved = spec.grader.iter().flat_map(|grader| &grader.known_as);
        if let Some(taken) = reserved
            .into_iter()
            .find(|name| names.contains(name.as_str()))
        {
            return Err(EngineError::Other(format!(
                "a machine can't be named `{taken}` here: that is where the server answers"
            )));
        }
        let count = spec.machines.len() + usize::from(spec.grader.is_some());
        if names.len() != spec.machines.len() || names.contains(GRADER) || names.is_empty() {
            return Err(EngineError::Other(format!(
                "a sandbox has machines with different names, and none named `{GRADER}`"
            )));
        }
        if count > MAX_MACHINES {
            return Err(EngineError::OutOfRoom(format!(
                "a sandbox has at most {MAX_MACHINES} machines"
            )));
        }
        let mut plans = Vec::with_capacity(count);
        for machine in &spec.machines {
            let settings = profiles::settings(machine);
            let config = agent_config(&machine.name, &settings, machine);
            plans.push(Plan {
                name: machine.name.to_string(),
                image: machine.image.clone(),
                runtime: self.config().runtimes.get(&machine.profile).cloned(),
                config,
                settings,
                host_number: FIRST_HOST + number(plans.len()),
                keep_home: machine.keep_home,
                known_as: Vec::new(),
            });
        }
        if let Some(grader) = &spec.grader {
            let settings = profiles::grader_settings();
            plans.push(Plan {
                name: GRADER.to_owned(),
                image: grader.image.clone(),
                runtime: None,
                config: base_config(GRADER, &settings),
                settings,
                host_number: FIRST_HOST + number(plans.len()),
                keep_home: false,
                known_as: grader.known_as.clone(),
            });
        }
        for plan in &plans {
            plan.config
                .validate()
                .map_err(|e| EngineError::Other(format!("machine {}: {e}", plan.name)))?;
        }
        Ok(plans)
    }
}

/// Whether all machines run already in this generation.
fn is_complete(spec: &SandboxSpec, existing: &[Ours]) -> bool {
    let runs = |name: &str| {
        existing.iter().any(|c| {
            c.labelled.generation == spec.generation
                && c.labelled.machine.as_ref().map(Slug::as_str) == Some(name)
                && matches!(c.state, MachineState::Running | MachineState::Paused)
        })
    };
    spec.machines.iter().all(|m| runs(m.name.as_str())) && (spec.grader.is_none() || runs(GRADER))
}

fn kept_homes(spec: &SandboxSpec) -> BTreeSet<String> {
    spec.machines
        .iter()
        .filter(|m| m.keep_home)
        .map(|m| {
            volume::name(
                spec.id,
                spec.generation,
                m.name.as_str(),
                VolumeRole::Home,
                true,
            )
        })
        .collect()
}

fn agent_config(name: &Slug, settings: &MachineSettings, machine: &MachineSpec) -> AgentConfig {
    AgentConfig {
        env: machine.env.clone(),
        service_env: SecretEnv(machine.service_env.clone()),
        ..base_config(name.as_str(), settings)
    }
}

pub(super) fn base_config(name: &str, settings: &MachineSettings) -> AgentConfig {
    AgentConfig {
        machine: name.to_owned(),
        learner: Learner {
            name: settings.learner.name.to_owned(),
            uid: settings.learner.uid,
            gid: settings.learner.uid,
            home: settings.learner.home.to_owned(),
            shell: settings.learner.shell.to_owned(),
        },
        drop_privileges: settings.agent_drops_privileges,
        env: std::collections::BTreeMap::new(),
        service_env: SecretEnv::default(),
        scrollback_bytes: 1 << 20,
        limits: slipway_agent::protocol::Limits::default(),
    }
}

fn number(n: usize) -> u32 {
    // At most `MAX_MACHINES`.
    u32::try_from(n).unwrap_or(u32::MAX)
}

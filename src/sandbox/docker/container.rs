//! From our settings to the engine's.

use std::collections::HashMap;

use bollard::{
    body_full,
    models::{
        ContainerCreateBody, DeviceMapping, EndpointIpamConfig, EndpointSettings, HostConfig,
        HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount, NetworkingConfig, ResourcesUlimits,
        RestartPolicy, RestartPolicyNameEnum,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
    },
};
use slipway_agent::protocol::{AGENT_PATH, AgentConfig};

use super::{client::DockerEngine, error::within, labels, network::SandboxNetwork, podman};
use crate::{
    domain::ids::Slug,
    sandbox::{
        engine::{EngineError, SandboxSpec},
        profiles::{MachineSettings, Seccomp},
    },
};

/// The filter of system calls for nested engines.
const SECCOMP_NESTED: &str = include_str!("seccomp-nested.json");

/// Where the agent's folder is in a machine.
pub(super) const AGENT_FOLDER: &str = "/.slipway";

/// A machine with all that its container is made from.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) settings: MachineSettings,
    pub(super) runtime: Option<String>,
    pub(super) config: AgentConfig,
    /// The last part of its address in the sandbox's network.
    pub(super) host_number: u32,
    pub(super) keep_home: bool,
    /// Further names for the others' hosts files.
    pub(super) known_as: Vec<Slug>,
}

/// What a machine's container is made with.
#[derive(Debug)]
pub(super) struct Prepared {
    mounts: Vec<Mount>,
    /// The container that carried the agent in.
    carrier: String,
}

impl DockerEngine {
    /// Makes a machine's volumes and puts the agent in: all that can be done before there is a network.
    ///
    /// The machine itself can't write to the agent's folder, and the engine holds uploads to that too:
    /// the agent goes in through a container that is never started.
    pub(super) async fn prepare_machine(
        &self,
        spec: &SandboxSpec,
        plan: &Plan,
    ) -> Result<Prepared, EngineError> {
        let mut mounts = Vec::new();
        for volume in &plan.settings.volumes {
            mounts.push(
                self.create_volume(spec, &plan.name, volume, plan.keep_home)
                    .await?,
            );
        }
        let carrier = self.put_agent(spec, plan, &mounts).await?;
        Ok(Prepared { mounts, carrier })
    }

    /// Makes a container and starts it.
    pub(super) async fn create_machine(
        &self,
        spec: &SandboxSpec,
        plan: &Plan,
        network: &SandboxNetwork,
        hosts: &[String],
        prepared: Prepared,
    ) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let name = format!("slipway-{}-g{}-{}", spec.id, spec.generation, plan.name);
        let mut body = ContainerCreateBody {
            labels: Some(labels::of_machine(self.instance(), spec, &plan.name)),
            ..body(plan, network, hosts, prepared.mounts)
        };
        if self.is_podman().await? {
            body.host_config = body.host_config.map(podman::host_config);
        }
        let id = self.create_container(&name, body, &plan.image).await?;
        let start = within(
            "start a container",
            self.timeouts().start,
            docker.start_container(&id, None::<StartContainerOptions>),
        );
        let (started, removed) = tokio::join!(start, self.remove_container(&prepared.carrier));
        started.and(removed)
    }

    pub(super) async fn create_container(
        &self,
        name: &str,
        body: ContainerCreateBody,
        image: &str,
    ) -> Result<String, EngineError> {
        let docker = self.docker().await?;
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let made = within(
            "create a container",
            self.timeouts().create,
            docker.create_container(Some(options), body),
        )
        .await;
        match made {
            Ok(made) => Ok(made.id),
            // The engine says 404 for a missing image only, here.
            Err(EngineError::NotRunning(_)) => Err(EngineError::ImageMissing(image.to_owned())),
            Err(error) => Err(error),
        }
    }

    async fn put_agent(
        &self,
        spec: &SandboxSpec,
        plan: &Plan,
        mounts: &[Mount],
    ) -> Result<String, EngineError> {
        let docker = self.docker().await?;
        let archive = self
            .agent()
            .await?
            .archive(&plan.config)
            .map_err(|e| EngineError::Other(format!("pack the agent: {e}")))?;
        let mounts = mounts
            .iter()
            .filter(|mount| mount.target.as_deref() == Some(AGENT_FOLDER))
            .map(|mount| Mount {
                read_only: Some(false),
                ..mount.clone()
            })
            .collect();
        let body = ContainerCreateBody {
            image: Some(plan.image.clone()),
            entrypoint: Some(vec![AGENT_PATH.to_owned()]),
            network_disabled: Some(true),
            // Not a machine: what looks for those doesn't see it, what removes does.
            labels: Some(labels::of_sandbox(self.instance(), spec)),
            host_config: Some(HostConfig {
                mounts: Some(mounts),
                network_mode: Some("none".to_owned()),
                log_config: Some(no_log()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let name = format!("slipway-{}-g{}-{}-put", spec.id, spec.generation, plan.name);
        let id = self.create_container(&name, body, &plan.image).await?;
        let options = UploadToContainerOptionsBuilder::default()
            .path(AGENT_FOLDER)
            .build();
        within(
            "upload the agent",
            self.timeouts().upload,
            docker.upload_to_container(&id, Some(options), body_full(archive)),
        )
        .await?;
        Ok(id)
    }
}

pub(super) fn no_log() -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some("none".to_owned()),
        config: None,
    }
}

fn body(
    plan: &Plan,
    network: &SandboxNetwork,
    hosts: &[String],
    mounts: Vec<Mount>,
) -> ContainerCreateBody {
    let endpoint = EndpointSettings {
        ipam_config: Some(EndpointIpamConfig {
            ipv4_address: Some(network.subnet.host(plan.host_number).to_string()),
            ..EndpointIpamConfig::default()
        }),
        aliases: Some(vec![plan.name.clone()]),
        ..EndpointSettings::default()
    };
    ContainerCreateBody {
        hostname: Some(plan.name.clone()),
        image: Some(plan.image.clone()),
        user: Some("0:0".to_owned()),
        working_dir: Some("/".to_owned()),
        entrypoint: Some(vec![AGENT_PATH.to_owned()]),
        cmd: Some(vec!["init".to_owned()]),
        attach_stdin: Some(false),
        attach_stdout: Some(false),
        attach_stderr: Some(false),
        open_stdin: Some(false),
        tty: Some(false),
        host_config: Some(HostConfig {
            network_mode: Some(network.name.clone()),
            extra_hosts: Some(hosts.to_vec()),
            dns: Some(network.name_servers.clone()),
            // Names that nobody answers for fail quickly.
            dns_options: Some(vec!["timeout:1".to_owned(), "attempts:1".to_owned()]),
            dns_search: Some(vec![".".to_owned()]),
            sysctls: Some(
                ["all", "default"]
                    .map(|which| {
                        let name = format!("net.ipv6.conf.{which}.disable_ipv6");
                        (name, "1".to_owned())
                    })
                    .into(),
            ),
            mounts: Some(mounts),
            runtime: plan.runtime.clone(),
            ..host_config(&plan.settings)
        }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network.name.clone(), endpoint)])),
        }),
        ..ContainerCreateBody::default()
    }
}

/// Every field of the settings is taken apart here, so that a new one can't be forgotten.
pub(super) fn host_config(settings: &MachineSettings) -> HostConfig {
    let MachineSettings {
        read_only_root,
        capabilities,
        no_new_privileges,
        seccomp,
        masked_proc,
        apparmor,
        memory_bytes,
        nano_cpus,
        pids,
        open_files,
        oom_score_adj,
        tmpfs,
        volumes: _,
        devices,
        learner: _,
        agent_drops_privileges: _,
    } = settings;
    let mut security = Vec::new();
    if *no_new_privileges {
        security.push("no-new-privileges:true".to_owned());
    }
    if *seccomp == Seccomp::Nested {
        security.push(format!("seccomp={SECCOMP_NESTED}"));
    }
    if !apparmor {
        security.push("apparmor=unconfined".to_owned());
    }
    let memory = i64::try_from(*memory_bytes).unwrap_or(i64::MAX);
    HostConfig {
        privileged: Some(false),
        readonly_rootfs: Some(*read_only_root),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(capabilities.iter().map(|c| (*c).to_owned()).collect()),
        security_opt: Some(security),
        // Empty lists take the engine's own away.
        masked_paths: (!masked_proc).then(Vec::new),
        readonly_paths: (!masked_proc).then(Vec::new),
        memory: Some(memory),
        memory_swap: Some(memory),
        nano_cpus: Some(i64::try_from(*nano_cpus).unwrap_or(i64::MAX)),
        pids_limit: Some(i64::from(*pids)),
        ulimits: Some(vec![
            limit("nofile", i64::from(*open_files)),
            limit("core", 0),
        ]),
        oom_score_adj: Some(i64::from(*oom_score_adj)),
        tmpfs: Some(
            tmpfs
                .iter()
                .map(|(path, folder)| ((*path).to_owned(), folder.mount_options()))
                .collect(),
        ),
        devices: Some(devices.iter().map(|path| device(path)).collect()),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        init: Some(false),
        auto_remove: Some(false),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        log_config: Some(no_log()),
        ..HostConfig::default()
    }
}

fn limit(name: &str, value: i64) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(value),
        hard: Some(value),
    }
}

fn device(path: &str) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(path.to_owned()),
        path_in_container: Some(path.to_owned()),
        cgroup_permissions: Some("rwm".to_owned()),
    }
}

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

use super::{client::DockerEngine, error::within, labels, network::SandboxNetwork};
use crate::sandbox::{
    engine::{EngineError, SandboxSpec},
    profiles::{MachineSettings, Seccomp},
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
}

impl DockerEngine {
    /// Makes a container, puts the agent in and starts it.
    pub(super) async fn create_machine(
        &self,
        spec: &SandboxSpec,
        plan: &Plan,
        network: &SandboxNetwork,
        hosts: &[String],
    ) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let limits = self.timeouts();
        let mut mounts = Vec::new();
        for volume in &plan.settings.volumes {
            mounts.push(
                self.create_volume(spec, &plan.name, volume, plan.keep_home)
                    .await?,
            );
        }
        let archive = self
            .agent()
            .await?
            .archive(&plan.config)
            .map_err(|e| EngineError::Other(format!("pack the agent: {e}")))?;
        let name = format!("slipway-{}-g{}-{}", spec.id, spec.generation, plan.name);
        let body = ContainerCreateBody {
            labels: Some(labels::of_machine(self.instance(), spec, &plan.name)),
            ..body(plan, network, hosts, mounts)
        };
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let made = within(
            "create a container",
            limits.create,
            docker.create_container(Some(options), body),
        )
        .await
        .map_err(|error| match error {
            // The engine says 404 for a missing image only, here.
            EngineError::NotRunning(_) => EngineError::ImageMissing(plan.image.clone()),
            other => other,
        })?;
        let options = UploadToContainerOptionsBuilder::default()
            .path(AGENT_FOLDER)
            .build();
        within(
            "upload the agent",
            limits.upload,
            docker.upload_to_container(&made.id, Some(options), body_full(archive)),
        )
        .await?;
        within(
            "start a container",
            limits.start,
            docker.start_container(&made.id, None::<StartContainerOptions>),
        )
        .await
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
fn host_config(settings: &MachineSettings) -> HostConfig {
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
        shm_bytes,
        tmpfs,
        volumes: _,
        devices,
        layer_bytes,
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
        shm_size: Some(i64::try_from(*shm_bytes).unwrap_or(i64::MAX)),
        tmpfs: Some(
            tmpfs
                .iter()
                .map(|(path, options)| ((*path).to_owned(), options.clone()))
                .collect(),
        ),
        devices: Some(devices.iter().map(|path| device(path)).collect()),
        storage_opt: layer_bytes
            .map(|bytes| HashMap::from([("size".to_owned(), bytes.to_string())])),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        init: Some(false),
        auto_remove: Some(false),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
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

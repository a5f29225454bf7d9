//! Containers of the server's own, beside the sandboxes.
//!
//! A service is in no sandbox's network; unless it needs the internet it has no network at all. The
//! server reaches it as it reaches machines: through its agent. Its image has the folder
//! `/.slipway`, into which the agent is put before the start.

use std::collections::HashMap;

use bollard::{
    body_full,
    models::{
        ContainerCreateBody, ContainerSummaryStateEnum, HostConfig, Mount, MountType,
        VolumeCreateRequest,
    },
    query_parameters::{
        ListContainersOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
    },
};
use sha2::{Digest as _, Sha256};
use slipway_agent::protocol::{AGENT_PATH, AgentConfig, SecretEnv, Validate as _};

use super::{
    client::DockerEngine,
    container::{AGENT_FOLDER, host_config},
    create::base_config,
    error::within,
    labels, podman,
};
use crate::{
    domain::ids::Slug,
    sandbox::{
        engine::{AgentStream, EngineError, ServiceSpec},
        images::hex,
        profiles::{self, MachineSettings},
    },
};

/// The network of services that need the internet: the engine's own, with no machine of a learner
/// in it.
const WITH_INTERNET: &str = "bridge";

/// A service's container as the engine lists it.
#[derive(Debug)]
struct Found {
    id: String,
    made_from: Option<String>,
    is_running: bool,
}

impl DockerEngine {
    pub(super) async fn keep_service_running(&self, spec: &ServiceSpec) -> Result<(), EngineError> {
        let settings = profiles::service_settings(spec.memory, spec.cpus, spec.data);
        let config = AgentConfig {
            service_env: SecretEnv(spec.env.clone()),
            ..base_config(spec.name.as_str(), &settings)
        };
        config
            .validate()
            .map_err(|e| EngineError::Other(format!("service {}: {e}", spec.name)))?;
        let made_from = self.made_from(spec, &config).await?;
        let mut good = false;
        for found in self.find_service(&spec.name).await? {
            if found.is_running && found.made_from.as_ref() == Some(&made_from) && !good {
                good = true;
            } else {
                self.remove_container(&found.id).await?;
            }
        }
        if good {
            return Ok(());
        }
        self.make_service(spec, &settings, &config, made_from).await
    }

    /// A hash of everything that decides how a service is: another hash, another container.
    async fn made_from(
        &self,
        spec: &ServiceSpec,
        config: &AgentConfig,
    ) -> Result<String, EngineError> {
        let json = |what: Result<Vec<u8>, serde_json::Error>| {
            what.map_err(|e| EngineError::Other(format!("service {}: {e}", spec.name)))
        };
        let mut hash = Sha256::new();
        hash.update(json(serde_json::to_vec(spec))?);
        hash.update(json(serde_json::to_vec(config))?);
        hash.update(self.agent().await?.digest());
        let hash: [u8; 32] = hash.finalize().into();
        Ok(hex(&hash[..16]))
    }

    async fn find_service(&self, name: &Slug) -> Result<Vec<Found>, EngineError> {
        let docker = self.docker().await?;
        let wanted = labels::of_service(self.instance(), name.as_str());
        let filter: Vec<String> = wanted.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&HashMap::from([("label".to_owned(), filter)]))
            .build();
        let listed = within(
            "list services",
            self.timeouts().question,
            docker.list_containers(Some(options)),
        )
        .await?;
        Ok(listed
            .into_iter()
            .filter_map(|c| {
                let has = c.labels?;
                // Looked at once more: engines differ in how they take two labels.
                wanted
                    .iter()
                    .all(|(k, v)| has.get(k) == Some(v))
                    .then_some(())?;
                Some(Found {
                    id: c.id?,
                    made_from: has.get(labels::MADE_FROM).cloned(),
                    is_running: c.state == Some(ContainerSummaryStateEnum::RUNNING),
                })
            })
            .collect())
    }

    async fn make_service(
        &self,
        spec: &ServiceSpec,
        settings: &MachineSettings,
        config: &AgentConfig,
        made_from: String,
    ) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let labels = labels::of_service(self.instance(), spec.name.as_str());
        let mut mounts = Vec::new();
        for volume in &settings.volumes {
            let name = self.service_volume(&spec.name);
            within(
                "create a volume",
                self.timeouts().create,
                docker.create_volume(VolumeCreateRequest {
                    name: Some(name.clone()),
                    driver: Some("local".to_owned()),
                    labels: Some(labels.clone()),
                    ..VolumeCreateRequest::default()
                }),
            )
            .await?;
            mounts.push(Mount {
                typ: Some(MountType::VOLUME),
                source: Some(name),
                target: Some(volume.path.to_owned()),
                ..Mount::default()
            });
        }
        let network = if spec.internet { WITH_INTERNET } else { "none" };
        let mut host = HostConfig {
            network_mode: Some(network.to_owned()),
            mounts: Some(mounts),
            ..host_config(settings)
        };
        if self.is_podman().await? {
            host = podman::host_config(host);
        }
        let mut labels = labels;
        labels.insert(labels::MADE_FROM.to_owned(), made_from);
        let body = ContainerCreateBody {
            hostname: Some(spec.name.to_string()),
            image: Some(spec.image.clone()),
            user: Some("0:0".to_owned()),
            working_dir: Some("/".to_owned()),
            entrypoint: Some(vec![AGENT_PATH.to_owned()]),
            cmd: Some(vec!["init".to_owned()]),
            labels: Some(labels),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let name = format!("slipway-{}-{}", self.instance(), spec.name);
        let id = self.create_container(&name, body, &spec.image).await?;
        let started = async {
            let archive = self
                .agent()
                .await?
                .archive(config)
                .map_err(|e| EngineError::Other(format!("pack the agent: {e}")))?;
            let options = UploadToContainerOptionsBuilder::default()
                .path(AGENT_FOLDER)
                .build();
            within(
                "upload the agent",
                self.timeouts().upload,
                docker.upload_to_container(&id, Some(options), body_full(archive)),
            )
            .await?;
            within(
                "start a container",
                self.timeouts().start,
                docker.start_container(&id, None::<StartContainerOptions>),
            )
            .await
        };
        match started.await {
            Ok(()) => {
                tracing::info!(service = %spec.name, image = spec.image, "service started");
                Ok(())
            }
            Err(error) => {
                // The error that stopped us is the one to tell.
                if let Err(again) = self.remove_container(&id).await {
                    tracing::warn!(service = %spec.name, "could not clean up: {again}");
                }
                Err(error)
            }
        }
    }

    pub(super) async fn open_service(&self, name: &Slug) -> Result<AgentStream, EngineError> {
        let found = self.find_service(name).await?;
        let running = found.into_iter().find(|c| c.is_running);
        let container =
            running.ok_or_else(|| EngineError::NotRunning(format!("service {name}")))?;
        self.open_agent_of(&container.id, name.as_str()).await
    }

    pub(super) async fn remove_service_and_data(&self, name: &Slug) -> Result<(), EngineError> {
        for found in self.find_service(name).await? {
            self.remove_container(&found.id).await?;
        }
        self.remove_volume(&self.service_volume(name)).await
    }

    fn service_volume(&self, name: &Slug) -> String {
        format!("slipway-{}-{name}", self.instance())
    }
}

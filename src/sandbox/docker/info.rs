//! What the engine is and can do.

use std::collections::HashMap;

use bollard::{
    models::{ContainerCreateBody, HostConfig, SystemInfoCgroupVersionEnum, SystemVersion},
    query_parameters::{
        CreateContainerOptions, ListImagesOptionsBuilder, RemoveContainerOptionsBuilder,
    },
};

use super::{client::DockerEngine, error::within, podman::NO_WAY_OUT};
use crate::sandbox::engine::{EngineError, EngineInfo, HostIsolation};

/// The first Docker Engine with the `isolated` gateway mode.
const ISOLATED_GATEWAY_SINCE: u32 = 28;

impl DockerEngine {
    pub(super) async fn read_info(&self) -> Result<EngineInfo, EngineError> {
        let docker = self.docker().await?;
        let limit = self.timeouts().question;
        let info = within("ask the engine about itself", limit, docker.info()).await?;
        let version = within("ask the engine for its version", limit, docker.version()).await?;
        let security_options = info.security_options.unwrap_or_default();
        let isolated_gateway = self.has_isolated_gateway().await?;
        let is_podman = is_podman(&version);
        let is_rootless = security_options.iter().any(|o| o.contains("rootless"));
        let client = docker.client_version();
        Ok(EngineInfo {
            product: if is_podman { "Podman" } else { "Docker" }.to_owned(),
            version: version.version.unwrap_or_default(),
            api_version: format!("{}.{}", client.major_version, client.minor_version),
            cgroup_version: match info.cgroup_version {
                Some(SystemInfoCgroupVersionEnum::_2) => 2,
                _ => 1,
            },
            storage_driver: info.driver.unwrap_or_default(),
            layer_quota: self.has_layer_quota().await?,
            isolated_gateway,
            host_isolation: if is_podman {
                self.podman_isolation(is_rootless).await
            } else {
                HostIsolation::NoAddress
            },
            internet_refused: if is_podman {
                Some(NO_WAY_OUT.to_owned())
            } else {
                self.why_no_way_out().await
            },
            rootless: is_rootless,
            security_options,
            cpus: info.ncpu.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            memory_bytes: info
                .mem_total
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(0),
            data_folder: info.docker_root_dir.unwrap_or_default(),
        })
    }

    /// Whether it is Podman that answers, asked once.
    pub(super) async fn is_podman(&self) -> Result<bool, EngineError> {
        let known = self.podman.get_or_try_init(|| async {
            let docker = self.docker().await?;
            let version = within(
                "ask the engine for its version",
                self.timeouts().question,
                docker.version(),
            )
            .await?;
            Ok(is_podman(&version))
        });
        known.await.copied()
    }

    /// Whether bridges can be made without any address of the host.
    pub(super) async fn has_isolated_gateway(&self) -> Result<bool, EngineError> {
        let docker = self.docker().await?;
        let version = within(
            "ask the engine for its version",
            self.timeouts().question,
            docker.version(),
        )
        .await?;
        let is_docker = version
            .components
            .iter()
            .flatten()
            .any(|c| c.name == "Engine");
        let major = version
            .version
            .and_then(|v| v.split('.').next()?.parse::<u32>().ok())
            .unwrap_or(0);
        Ok(is_docker && major >= ISOLATED_GATEWAY_SINCE)
    }

    /// Whether the engine can limit what is written outside of mounts. Asked by trying: the engine
    /// refuses to make such a container where its file system can't. Unknown (and `false`) as long as
    /// there is no image to try with.
    pub(super) async fn has_layer_quota(&self) -> Result<bool, EngineError> {
        if let Some(known) = self.layer_quota.get() {
            return Ok(*known);
        }
        let docker = self.docker().await?;
        let limit = self.timeouts().question;
        let options = ListImagesOptionsBuilder::default().build();
        let images = within("list images", limit, docker.list_images(Some(options))).await?;
        let Some(image) = images.into_iter().next() else {
            return Ok(false);
        };
        let body = ContainerCreateBody {
            image: Some(image.id),
            cmd: Some(vec!["/never-started".to_owned()]),
            labels: Some(HashMap::from([(
                super::labels::INSTANCE.to_owned(),
                self.instance().to_string(),
            )])),
            host_config: Some(HostConfig {
                storage_opt: Some(HashMap::from([("size".to_owned(), "64m".to_owned())])),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let made = within(
            "try a disk limit",
            self.timeouts().create,
            docker.create_container(None::<CreateContainerOptions>, body),
        )
        .await;
        let works = match made {
            Ok(container) => {
                let options = RemoveContainerOptionsBuilder::default().force(true).build();
                within(
                    "remove a container",
                    self.timeouts().remove,
                    docker.remove_container(&container.id, Some(options)),
                )
                .await?;
                true
            }
            Err(EngineError::Other(_)) => false,
            Err(error) => return Err(error),
        };
        // Another task may have been quicker, with the same answer.
        let _ = self.layer_quota.set(works);
        Ok(works)
    }
}

fn is_podman(version: &SystemVersion) -> bool {
    let mut components = version.components.iter().flatten();
    components.any(|c| c.name.contains("Podman"))
}

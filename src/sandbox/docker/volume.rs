//! Volumes: the agent's, the learner's home and a nested engine's data.

use std::collections::HashMap;

use bollard::models::{Mount, MountType, MountVolumeOptions, VolumeCreateRequest};

use super::{client::DockerEngine, error::within, labels, podman};
use crate::{
    domain::ids::SandboxId,
    sandbox::{
        engine::{EngineError, SandboxSpec},
        profiles::{VolumeRole, VolumeSettings},
    },
};

/// A home outlives generations where the lab asks for it, so its name has none.
pub(super) fn name(
    sandbox: SandboxId,
    generation: u32,
    machine: &str,
    role: VolumeRole,
    is_kept: bool,
) -> String {
    if is_kept {
        format!("slipway-{sandbox}-{machine}-{}", role.as_str())
    } else {
        format!(
            "slipway-{sandbox}-g{generation}-{machine}-{}",
            role.as_str()
        )
    }
}

/// Whether a volume of this kind survives a reset.
pub(super) const fn is_kept(role: VolumeRole, keep_home: bool) -> bool {
    matches!(role, VolumeRole::Home) && keep_home
}

impl DockerEngine {
    /// Makes a volume, which changes nothing when it exists, and gives its mount.
    pub(super) async fn create_volume(
        &self,
        spec: &SandboxSpec,
        machine: &str,
        volume: &VolumeSettings,
        keep_home: bool,
    ) -> Result<Mount, EngineError> {
        let docker = self.docker().await?;
        let name = name(
            spec.id,
            spec.generation,
            machine,
            volume.role,
            is_kept(volume.role, keep_home),
        );
        let mut labels = labels::of_machine(self.instance(), spec, machine);
        labels.insert(labels::ROLE.to_owned(), volume.role.as_str().to_owned());
        let is_podman = self.is_podman().await?;
        let options = volume.tmpfs.as_ref().map(|folder| {
            let mount_options = if is_podman {
                podman::volume_options(folder)
            } else {
                folder.mount_options()
            };
            HashMap::from([
                ("type".to_owned(), "tmpfs".to_owned()),
                ("device".to_owned(), "tmpfs".to_owned()),
                ("o".to_owned(), mount_options),
            ])
        });
        within(
            "create a volume",
            self.timeouts().create,
            docker.create_volume(VolumeCreateRequest {
                name: Some(name.clone()),
                driver: Some("local".to_owned()),
                driver_opts: options,
                labels: Some(labels),
                ..VolumeCreateRequest::default()
            }),
        )
        .await?;
        Ok(Mount {
            typ: Some(MountType::VOLUME),
            source: Some(name),
            target: Some(volume.path.to_owned()),
            read_only: Some(volume.read_only),
            volume_options: Some(MountVolumeOptions {
                // What the image has at that place stays in the image: a copy on the disk would
                // escape the volume's limit.
                no_copy: Some(true),
                ..MountVolumeOptions::default()
            }),
            ..Mount::default()
        })
    }
}

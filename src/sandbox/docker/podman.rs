//! Where Podman differs behind Docker's interface. Docker's requests pass through none of this.
//!
//! Proved with Podman 4.3 as root; `docs/profiles.md` has the table.

use std::collections::HashMap;

use bollard::models::{HostConfig, ResourcesUlimits};

use super::{client::DockerEngine, network::BRIDGE_NAME};
use crate::{
    domain::lab::{Network, Profile},
    sandbox::{
        engine::{EngineError, HostIsolation, SandboxSpec},
        profiles::Folder,
    },
};

/// Bytes of a block in the mount option `nr_blocks`, which counts pages. Where the kernel's pages are
/// larger, volumes hold more in the same proportion, up to the machine's memory.
const BLOCK: u64 = 4096;

/// Processes of one account on the whole host, all sandboxes together. The engine limits each machine
/// by other means; this is here since Podman asks for a million when nobody says a number, which
/// hosts without `CAP_SYS_RESOURCE` refuse.
const PROCESSES_OF_ACCOUNT: i64 = 16_384;

/// Why labs get no way out: nothing here keeps one bridge from another.
pub(super) const NO_WAY_OUT: &str =
    "Podman lets networks that have a way to the internet reach each other";

impl DockerEngine {
    /// Refuses what can't be made safe here, before anything is made.
    pub(super) async fn check_podman(&self, spec: &SandboxSpec) -> Result<(), EngineError> {
        if self.is_podman().await? {
            refusal(spec).map_or(Ok(()), Err)
        } else {
            Ok(())
        }
    }

    /// Podman gives every bridge an address of the host: the firewall closes it where it can.
    pub(super) async fn podman_isolation(&self, is_rootless: bool) -> HostIsolation {
        if is_rootless {
            return HostIsolation::None(
                "rootless Podman keeps its bridges where the host's firewall does not see them"
                    .to_owned(),
            );
        }
        match self.why_not_closed().await {
            None => HostIsolation::Firewall,
            Some(why) => HostIsolation::None(format!(
                "Podman gives every bridge an address of the host, and it can't be closed ({why})"
            )),
        }
    }
}

fn refusal(spec: &SandboxSpec) -> Option<EngineError> {
    let nested = [Profile::Docker, Profile::Kubernetes];
    if spec.machines.iter().any(|m| nested.contains(&m.profile)) {
        return Some(EngineError::Other(
            "machines with an engine of their own need Docker Engine: Podman takes no filter of \
             system calls from its clients"
                .to_owned(),
        ));
    }
    (spec.network == Network::Internet).then(|| {
        EngineError::Other(format!(
            "labs get no way to the internet here: {NO_WAY_OUT}"
        ))
    })
}

/// Mount options of a volume in memory. Podman takes `size` for a quota of its disk, which it has
/// not, and leaves `nr_blocks`, which says the same, to the kernel.
pub(super) fn volume_options(folder: &Folder) -> String {
    let Folder {
        bytes,
        inodes,
        options,
    } = folder;
    let blocks = bytes.div_ceil(BLOCK);
    format!("{options},nr_blocks={blocks},nr_inodes={inodes}")
}

/// Mount options of a folder in memory that is no volume: Podman knows no limit of files for those.
/// The kernel counts files there as the machine's memory, which is limited.
fn folder_options(all: &str) -> String {
    let known: Vec<&str> = all
        .split(',')
        .filter(|option| !option.starts_with("nr_inodes="))
        .collect();
    known.join(",")
}

/// Docker's settings of a container in a form that Podman takes.
pub(super) fn host_config(docker: HostConfig) -> HostConfig {
    let mut limits = docker.ulimits.unwrap_or_default();
    limits.push(ResourcesUlimits {
        name: Some("nproc".to_owned()),
        soft: Some(PROCESSES_OF_ACCOUNT),
        hard: Some(PROCESSES_OF_ACCOUNT),
    });
    let tmpfs = docker.tmpfs.unwrap_or_default();
    HostConfig {
        ulimits: Some(limits),
        tmpfs: Some(
            tmpfs
                .into_iter()
                .map(|(path, options)| (path, folder_options(&options)))
                .collect(),
        ),
        ..docker
    }
}

/// Of a network's options the one that Podman knows: the bridge's name, which the firewall's rules go
/// by. The others it overlooks, or refuses, by version.
pub(super) fn network_options(docker: HashMap<String, String>) -> HashMap<String, String> {
    docker
        .into_iter()
        .filter(|(name, _)| name == BRIDGE_NAME)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{ids::SandboxId, quantity::ByteSize};
    use crate::sandbox::engine::MachineSpec;

    fn spec(profile: Profile, network: Network) -> SandboxSpec {
        SandboxSpec {
            id: SandboxId::generate(),
            generation: 1,
            owner: None,
            machines: vec![MachineSpec {
                name: "desk".parse().unwrap(),
                image: "slipway/base:0".to_owned(),
                profile,
                memory: ByteSize::mib(64),
                cpus: 1.0,
                disk: ByteSize::mib(64),
                env: BTreeMap::new(),
                service_env: BTreeMap::new(),
                keep_home: false,
            }],
            grader: None,
            network,
        }
    }

    #[test]
    fn a_volume_keeps_both_limits_and_its_owner() {
        let folder = Folder {
            bytes: 10 * BLOCK + 1,
            inodes: 7,
            options: "nosuid,nodev,uid=1000,gid=1000,mode=0750".to_owned(),
        };
        assert_eq!(
            volume_options(&folder),
            "nosuid,nodev,uid=1000,gid=1000,mode=0750,nr_blocks=11,nr_inodes=7"
        );
    }

    #[test]
    fn a_folder_loses_its_limit_of_files_and_nothing_else() {
        let docker = HostConfig {
            memory: Some(5),
            tmpfs: Some(HashMap::from([(
                "/run".to_owned(),
                "rw,nosuid,mode=755,size=64,nr_inodes=8".to_owned(),
            )])),
            ulimits: Some(vec![]),
            ..HostConfig::default()
        };
        let podman = host_config(docker);
        assert_eq!(
            podman.tmpfs.unwrap().get("/run").unwrap(),
            "rw,nosuid,mode=755,size=64"
        );
        assert_eq!(podman.memory, Some(5));
        let names: Vec<_> = podman
            .ulimits
            .unwrap()
            .into_iter()
            .map(|u| u.name)
            .collect();
        assert_eq!(names, [Some("nproc".to_owned())]);
    }

    #[test]
    fn nested_engines_and_ways_out_are_refused_and_all_else_is_not() {
        for (profile, network, is_refused) in [
            (Profile::Plain, Network::Isolated, false),
            (Profile::Root, Network::Isolated, false),
            (Profile::Docker, Network::Isolated, true),
            (Profile::Plain, Network::Internet, true),
        ] {
            assert_eq!(
                refusal(&spec(profile, network)).is_some(),
                is_refused,
                "{profile:?} {network:?}"
            );
        }
    }
}

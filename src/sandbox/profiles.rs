//! From a machine's profile and limits to the settings of its container: one pure function, so that
//! every limit of every profile is seen in one place and held by a snapshot. `docs/profiles.md` says
//! why each setting is as it is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::engine::MachineSpec;
use crate::domain::{lab::Profile, quantity::ByteSize};

/// The learner's account, the same in every image.
pub const LEARNER_UID: u32 = 1000;

/// The learner's home in every image, and root's in the `root` profile.
pub const LEARNER_HOME: &str = "/home/learner";

/// The settings of a container, in words of ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct MachineSettings {
    /// Whether nothing can be written outside of the mounts below.
    pub read_only_root: bool,
    /// What the agent, which is PID 1, may do; everything else is dropped. Processes of a learner
    /// that is not root hold none of these.
    pub capabilities: Vec<&'static str>,
    /// Whether file capabilities and setuid bits are without effect.
    pub no_new_privileges: bool,
    /// The filter of system calls.
    pub seccomp: Seccomp,
    /// Whether the engine hides and protects the usual parts of `/proc` and `/sys`.
    pub masked_proc: bool,
    /// Whether the engine's AppArmor profile applies, where the host has AppArmor.
    pub apparmor: bool,
    /// Memory in bytes, folders in memory included; there is no swap beyond.
    pub memory_bytes: u64,
    /// Processor time in billionths of a core.
    pub nano_cpus: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Open files of each process.
    pub open_files: u32,
    /// Who is killed first when the host runs out of memory: rather a learner than the server.
    pub oom_score_adj: i32,
    /// Folders in memory by path. They count as the machine's memory.
    pub tmpfs: BTreeMap<&'static str, Folder>,
    /// Volumes.
    pub volumes: Vec<VolumeSettings>,
    /// Devices of the host.
    pub devices: Vec<&'static str>,
    /// As whom the learner works.
    pub learner: LearnerAccount,
    /// Whether the agent takes every capability from the learner's processes for good. Not where the
    /// learner is root. The nested engine is started by its image's start script, not from a shell
    /// of the learner, so that file capabilities work for it alone.
    pub agent_drops_privileges: bool,
}

/// A filter of system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seccomp {
    /// The engine's own.
    EngineDefault,
    /// Ours for nested engines and the nodes of clusters.
    Nested,
}

/// The account that the learner works as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LearnerAccount {
    /// Login name.
    pub name: &'static str,
    /// User and group.
    pub uid: u32,
    /// Home folder.
    pub home: &'static str,
    /// Login shell.
    pub shell: &'static str,
}

/// A folder in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Folder {
    /// How much it holds.
    pub bytes: u64,
    /// How many files it holds.
    pub inodes: u64,
    /// Its other mount options.
    pub options: String,
}

impl Folder {
    /// All mount options.
    pub fn mount_options(&self) -> String {
        let Self {
            bytes,
            inodes,
            options,
        } = self;
        format!("{options},size={bytes},nr_inodes={inodes}")
    }
}

/// A volume of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeSettings {
    /// What it holds.
    pub role: VolumeRole,
    /// Where it is mounted.
    pub path: &'static str,
    /// The folder in memory that it is; `None` for one on the engine's disk.
    pub tmpfs: Option<Folder>,
    /// Whether nothing in the machine may write to it, not even root.
    pub read_only: bool,
}

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeRole {
    /// The agent's program and configuration.
    Agent,
    /// The learner's home.
    Home,
    /// The data of a nested engine or of a cluster's nodes.
    Data,
}

impl VolumeRole {
    /// The name in labels and volume names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Home => "home",
            Self::Data => "data",
        }
    }
}

/// Capabilities that the agent needs as PID 1 and the image's start script as root: own files of
/// others, change user, end processes.
const AGENT_CAPABILITIES: [&str; 7] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "SETGID",
    "SETPCAP",
    "SETUID",
];

/// What a learner who is root inside may do.
const ROOT_CAPABILITIES: [&str; 9] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETPCAP",
    "SETUID",
];

const LEARNER: LearnerAccount = LearnerAccount {
    name: "learner",
    uid: LEARNER_UID,
    home: LEARNER_HOME,
    shell: "/bin/bash",
};

const ROOT: LearnerAccount = LearnerAccount {
    name: "root",
    uid: 0,
    home: LEARNER_HOME,
    shell: "/bin/bash",
};

/// The settings of a lab's machine.
pub fn settings(machine: &MachineSpec) -> MachineSettings {
    let base = MachineSettings {
        read_only_root: true,
        capabilities: AGENT_CAPABILITIES.to_vec(),
        no_new_privileges: true,
        seccomp: Seccomp::EngineDefault,
        masked_proc: true,
        apparmor: true,
        memory_bytes: 0,
        nano_cpus: nano_cpus(machine.cpus),
        pids: 256,
        open_files: 1024,
        oom_score_adj: 500,
        tmpfs: folders(),
        volumes: vec![agent_volume(), home_volume(machine.disk, LEARNER_UID)],
        devices: vec![],
        learner: LEARNER,
        agent_drops_privileges: true,
    };
    let settings = match machine.profile {
        Profile::Plain => base,
        Profile::Root => MachineSettings {
            capabilities: ROOT_CAPABILITIES.to_vec(),
            volumes: vec![agent_volume(), home_volume(machine.disk, 0)],
            learner: ROOT,
            agent_drops_privileges: false,
            ..base
        },
        Profile::Docker => MachineSettings {
            // The nested engine's `newuidmap` has file capabilities; the agent sets the flag for
            // each process of the learner instead.
            no_new_privileges: false,
            seccomp: Seccomp::Nested,
            masked_proc: false,
            apparmor: false,
            pids: 800,
            open_files: 8192,
            volumes: vec![
                agent_volume(),
                home_volume(NESTED_HOME, LEARNER_UID),
                data_volume("/var/lib/docker", machine.disk),
            ],
            devices: vec!["/dev/net/tun"],
            ..base
        },
        // As `docker`, with room for the processes of several nodes; nobody logs in.
        Profile::Kubernetes => MachineSettings {
            no_new_privileges: false,
            seccomp: Seccomp::Nested,
            masked_proc: false,
            apparmor: false,
            pids: 1600,
            open_files: 8192,
            volumes: vec![
                agent_volume(),
                home_volume(NODES_HOME, LEARNER_UID),
                data_volume("/var/lib/kubernetes", machine.disk),
            ],
            devices: vec!["/dev/net/tun"],
            ..base
        },
    };
    settings.with_memory(machine.memory)
}

/// The settings of the grader machine: nobody works there.
pub fn grader_settings() -> MachineSettings {
    MachineSettings {
        read_only_root: true,
        capabilities: AGENT_CAPABILITIES.to_vec(),
        no_new_privileges: true,
        seccomp: Seccomp::EngineDefault,
        masked_proc: true,
        apparmor: true,
        memory_bytes: 0,
        nano_cpus: nano_cpus(0.5),
        pids: 64,
        open_files: 1024,
        oom_score_adj: 400,
        tmpfs: BTreeMap::from([
            ("/run", folder(8, 2, "exec", "mode=755")),
            ("/tmp", folder(16, 2, "exec", "mode=1777")),
            ("/dev/shm", folder(1, 1, "noexec", "mode=1777")),
        ]),
        volumes: vec![agent_volume()],
        devices: vec![],
        learner: LearnerAccount {
            shell: "/bin/sh",
            ..LEARNER
        },
        agent_drops_privileges: true,
    }
    .with_memory(GRADER_MEMORY)
}

/// The settings of a service of the server's own: no learner's program runs there. Its root file
/// system can be written, so that the agent can be put in; its data is on the engine's disk, and
/// whoever fills it keeps the limit.
pub fn service_settings(memory: ByteSize, cpus: f64, data: &'static str) -> MachineSettings {
    MachineSettings {
        read_only_root: false,
        nano_cpus: nano_cpus(cpus),
        pids: 256,
        open_files: 4096,
        volumes: vec![VolumeSettings {
            role: VolumeRole::Data,
            path: data,
            tmpfs: None,
            read_only: false,
        }],
        ..grader_settings()
    }
    .with_memory(memory)
}

/// Memory of the grader machine's processes.
const GRADER_MEMORY: ByteSize = ByteSize::mib(48);

/// The home in the `docker` profile, where the lab's disk is the nested engine's.
const NESTED_HOME: ByteSize = ByteSize::mib(128);

/// The home on the nodes of a cluster: no more than a place for programs that want one.
const NODES_HOME: ByteSize = ByteSize::mib(16);

const MIB: u64 = 1 << 20;

impl MachineSettings {
    /// What is written to a folder in memory counts as the machine's memory: full folders must not
    /// take it from the processes.
    fn with_memory(self, processes: ByteSize) -> Self {
        let folders = self.tmpfs.values().map(|f| f.bytes).sum::<u64>();
        let volumes = self.volumes.iter().filter_map(|v| v.tmpfs.as_ref());
        let volumes = volumes.map(|f| f.bytes).sum::<u64>();
        Self {
            memory_bytes: processes.bytes() + folders + volumes,
            ..self
        }
    }
}

/// Folders that every image may write to.
fn folders() -> BTreeMap<&'static str, Folder> {
    BTreeMap::from([
        ("/run", folder(64, 8, "exec", "mode=755")),
        ("/tmp", folder(64, 8, "exec", "mode=1777")),
        ("/var/tmp", folder(128, 16, "exec", "mode=1777")),
        ("/dev/shm", folder(16, 1, "noexec", "mode=1777")),
    ])
}

fn folder(mib: u64, thousand_inodes: u64, exec: &'static str, rights: &str) -> Folder {
    Folder {
        bytes: mib * MIB,
        inodes: thousand_inodes * 1024,
        options: format!("rw,nosuid,nodev,{exec},{rights}"),
    }
}

fn nano_cpus(cores: f64) -> u64 {
    // Rounding to a thousandth keeps the figure readable.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let thousandths = (cores.clamp(0.01, 64.0) * 1000.0).round() as u64;
    thousandths * 1_000_000
}

fn agent_volume() -> VolumeSettings {
    VolumeSettings {
        role: VolumeRole::Agent,
        path: "/.slipway",
        tmpfs: None,
        read_only: true,
    }
}

fn home_volume(size: ByteSize, owner: u32) -> VolumeSettings {
    VolumeSettings {
        role: VolumeRole::Home,
        path: LEARNER_HOME,
        tmpfs: Some(disk(size, owner, "0750", 8 * 1024)),
        read_only: false,
    }
}

fn data_volume(path: &'static str, size: ByteSize) -> VolumeSettings {
    VolumeSettings {
        role: VolumeRole::Data,
        path,
        tmpfs: Some(disk(size, LEARNER_UID, "0710", 10 * 1024)),
        read_only: false,
    }
}

/// A volume in memory, with one inode for so many bytes: room to work, and no way to fill the host
/// with empty files.
fn disk(size: ByteSize, owner: u32, mode: &str, bytes_per_inode: u64) -> Folder {
    Folder {
        bytes: size.bytes(),
        inodes: (size.bytes() / bytes_per_inode).max(1024),
        options: format!("nosuid,nodev,uid={owner},gid={owner},mode={mode}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(profile: Profile) -> MachineSpec {
        MachineSpec {
            name: "desk".parse().unwrap(),
            image: "slipway/base:0".to_owned(),
            profile,
            memory: ByteSize::mib(256),
            cpus: 1.5,
            disk: ByteSize::mib(128),
            env: BTreeMap::new(),
            service_env: BTreeMap::new(),
            keep_home: false,
        }
    }

    const ALL: [Profile; 4] = [
        Profile::Plain,
        Profile::Root,
        Profile::Docker,
        Profile::Kubernetes,
    ];

    fn text(settings: &MachineSettings) -> String {
        serde_json::to_string_pretty(settings).unwrap()
    }

    #[test]
    fn the_settings_of_each_profile_are_these_and_no_others() {
        insta::assert_snapshot!("plain", text(&settings(&machine(Profile::Plain))));
        insta::assert_snapshot!("root", text(&settings(&machine(Profile::Root))));
        insta::assert_snapshot!("docker", text(&settings(&machine(Profile::Docker))));
        insta::assert_snapshot!("kubernetes", text(&settings(&machine(Profile::Kubernetes))));
        insta::assert_snapshot!("grader", text(&grader_settings()));
        let service = service_settings(ByteSize::mib(256), 1.0, "/var/lib/mirror");
        insta::assert_snapshot!("service", text(&service));
    }

    #[test]
    fn full_folders_leave_the_processes_their_memory() {
        for profile in ALL {
            let settings = settings(&machine(profile));
            let written: u64 = settings.tmpfs.values().map(|f| f.bytes).sum::<u64>()
                + settings
                    .volumes
                    .iter()
                    .filter_map(|v| v.tmpfs.as_ref())
                    .map(|f| f.bytes)
                    .sum::<u64>();
            assert_eq!(settings.memory_bytes - written, 256 * MIB, "{profile:?}");
        }
    }

    #[test]
    fn whatever_can_be_written_is_limited_in_bytes_and_files() {
        for profile in ALL {
            let settings = settings(&machine(profile));
            assert!(settings.read_only_root);
            for volume in settings.volumes {
                assert!(volume.read_only || volume.tmpfs.is_some_and(|f| f.inodes > 0));
            }
        }
    }
}

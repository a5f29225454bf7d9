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
    /// Memory in bytes; there is no swap beyond.
    pub memory_bytes: u64,
    /// Processor time in billionths of a core.
    pub nano_cpus: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Open files of each process.
    pub open_files: u32,
    /// Who is killed first when the host runs out of memory: rather a learner than the server.
    pub oom_score_adj: i32,
    /// `/dev/shm` in bytes.
    pub shm_bytes: u64,
    /// Folders in memory by path, with their mount options. They count as the machine's memory.
    pub tmpfs: BTreeMap<&'static str, String>,
    /// Volumes.
    pub volumes: Vec<VolumeSettings>,
    /// Devices of the host.
    pub devices: Vec<&'static str>,
    /// How much may be written outside of mounts, where the engine can limit it.
    pub layer_bytes: Option<u64>,
    /// As whom the learner works.
    pub learner: LearnerAccount,
    /// Whether the agent takes every capability from the learner's processes for good. Not where a
    /// file capability must work for the learner, and not where the learner is root.
    pub agent_drops_privileges: bool,
}

/// A filter of system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seccomp {
    /// The engine's own.
    EngineDefault,
    /// Ours for nested engines.
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

/// A volume of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeSettings {
    /// What it holds.
    pub role: VolumeRole,
    /// Where it is mounted.
    pub path: &'static str,
    /// Mount options of the tmpfs it is; `None` for one on the engine's disk.
    pub tmpfs: Option<String>,
}

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeRole {
    /// The agent's program and configuration.
    Agent,
    /// The learner's home.
    Home,
    /// The nested engine's data.
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

/// What a learner who is root inside may do besides.
const ROOT_CAPABILITIES: [&str; 2] = ["FSETID", "NET_BIND_SERVICE"];

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
pub fn settings(machine: &MachineSpec, layer_quota: bool) -> MachineSettings {
    let memory = machine.memory.bytes();
    let base = MachineSettings {
        read_only_root: true,
        capabilities: AGENT_CAPABILITIES.to_vec(),
        no_new_privileges: true,
        seccomp: Seccomp::EngineDefault,
        masked_proc: true,
        apparmor: true,
        memory_bytes: memory,
        nano_cpus: nano_cpus(machine.cpus),
        pids: 512,
        open_files: 8192,
        oom_score_adj: 500,
        shm_bytes: 64 * MIB,
        tmpfs: folders(memory),
        volumes: vec![agent_volume(), home_volume(machine.disk)],
        devices: vec![],
        layer_bytes: None,
        learner: LEARNER,
        agent_drops_privileges: true,
    };
    match machine.profile {
        Profile::Plain => base,
        Profile::Root => MachineSettings {
            read_only_root: false,
            capabilities: [&AGENT_CAPABILITIES[..], &ROOT_CAPABILITIES[..]].concat(),
            layer_bytes: layer_quota.then(|| machine.disk.bytes().max(1024 * MIB)),
            learner: ROOT,
            agent_drops_privileges: false,
            ..base
        },
        Profile::Docker => MachineSettings {
            no_new_privileges: false,
            seccomp: Seccomp::Nested,
            masked_proc: false,
            apparmor: false,
            pids: 800,
            volumes: vec![
                agent_volume(),
                home_volume(ByteSize::mib(128)),
                data_volume(machine.disk),
            ],
            devices: vec!["/dev/net/tun"],
            agent_drops_privileges: false,
            ..base
        },
    }
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
        memory_bytes: GRADER_MEMORY.bytes(),
        nano_cpus: nano_cpus(0.5),
        pids: 128,
        open_files: 1024,
        oom_score_adj: 400,
        shm_bytes: MIB,
        tmpfs: folders(GRADER_MEMORY.bytes()),
        volumes: vec![agent_volume()],
        devices: vec![],
        layer_bytes: None,
        learner: LearnerAccount {
            shell: "/bin/sh",
            ..LEARNER
        },
        agent_drops_privileges: true,
    }
}

/// Memory of the grader machine, to be counted with those of the lab.
pub const GRADER_MEMORY: ByteSize = ByteSize::mib(96);

const MIB: u64 = 1 << 20;

fn nano_cpus(cores: f64) -> u64 {
    // Lint keeps cores between 0.1 and 8; rounding to a thousandth keeps snapshots readable.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let thousandths = (cores.clamp(0.01, 64.0) * 1000.0).round() as u64;
    thousandths * 1_000_000
}

/// Folders that must be writable, sized by the machine's memory, which they count against.
fn folders(memory: u64) -> BTreeMap<&'static str, String> {
    let quarter = (memory / 4).clamp(16 * MIB, 256 * MIB);
    BTreeMap::from([
        ("/run", mount_options(64 * MIB, "mode=755")),
        ("/tmp", mount_options(quarter, "mode=1777")),
        ("/var/tmp", mount_options(quarter, "mode=1777")),
    ])
    .into_iter()
    .map(|(path, options)| (path, format!("rw,exec,{options}")))
    .collect()
}

/// One inode for each 8 KiB: plenty for work, no way to fill the host's memory with empty files.
fn mount_options(bytes: u64, more: &str) -> String {
    format!(
        "nosuid,nodev,size={bytes},nr_inodes={},{more}",
        (bytes / 8192).max(1024)
    )
}

fn agent_volume() -> VolumeSettings {
    VolumeSettings {
        role: VolumeRole::Agent,
        path: "/.slipway",
        tmpfs: None,
    }
}

fn home_volume(size: ByteSize) -> VolumeSettings {
    VolumeSettings {
        role: VolumeRole::Home,
        path: LEARNER_HOME,
        tmpfs: Some(mount_options(size.bytes(), "uid=1000,gid=1000,mode=0750")),
    }
}

fn data_volume(size: ByteSize) -> VolumeSettings {
    VolumeSettings {
        role: VolumeRole::Data,
        path: "/home/learner/.local/share/docker",
        tmpfs: Some(mount_options(size.bytes(), "uid=1000,gid=1000,mode=0710")),
    }
}

//! Checks that ask the nested Docker engine of a machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Range, TextMatch};
use crate::domain::ids::Slug;

/// `docker:` the machine's nested engine holds such objects (asked through its API). Exactly one
/// of `container`, `image`, `network` and `volume` is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DockerCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// Containers like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerMatch>,
    /// Images like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageMatch>,
    /// A network like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkMatch>,
    /// A volume like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeMatch>,
    /// How many must match; at least one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Range>,
}

/// Which containers a [`DockerCheck`] counts. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerMatch {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The image it was made from: `name` or `name:tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether it runs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// The code it ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// A port of the machine that is published to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_port: Option<u16>,
    /// Networks it is in, all of them; others do no harm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// A volume that is mounted in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// What its health check says; a container without one is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// How often the engine has started it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Range>,
    /// Its memory limit in MiB; 0 is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<Range>,
    /// The user it runs as; `root` or `0` also stand for none given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<TextMatch>,
    /// Labels it bears.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Which images a [`DockerCheck`] counts. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageMatch {
    /// `name` or `name:tag`.
    pub name: String,
    /// Its size in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_mib: Option<Range>,
    /// A port its Dockerfile exposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposes: Option<u16>,
    /// How many layers it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Range>,
    /// The image it was built from: its layers are the lowest of this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The user its containers run as; `root` or `0` also stand for none given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<TextMatch>,
    /// Labels it bears.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How it was made, an instruction a line, the newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<TextMatch>,
}

/// Which network a [`DockerCheck`] asks for. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkMatch {
    /// Its name.
    pub name: String,
    /// Its driver, such as `bridge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Whether it leads nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal: Option<bool>,
    /// Running containers that are in it, all of them; others do no harm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<String>,
}

/// Which volume a [`DockerCheck`] asks for. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeMatch {
    /// Its name.
    pub name: String,
    /// A container in which it is mounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<String>,
}

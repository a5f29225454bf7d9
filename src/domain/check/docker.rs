//! Checks that ask the nested Docker engine of a machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Range;
use crate::domain::ids::Slug;

/// `docker:` the machine's nested engine holds such objects (asked through its API).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DockerCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// Containers like this. Exactly one of `container` and `image` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerMatch>,
    /// Images like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageMatch>,
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
}

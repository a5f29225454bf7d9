//! Boards: live pictures of the learner's world in the lab page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::Slug;

/// A picture that the lab page draws and keeps up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Board {
    /// What a nested Docker engine holds: containers, networks, volumes, images.
    Docker {
        /// The machine, of profile `docker`.
        machine: Slug,
    },
    /// The lab's cluster: nodes with their pods, deployments, services, what happened last.
    Kubernetes {},
    /// What a RabbitMQ broker holds: exchanges, bindings, queues with their messages, consumers.
    Rabbitmq {
        /// The broker's machine, of the image `rabbitmq`.
        machine: Slug,
    },
    /// The members of an etcd cluster.
    Etcd {
        /// One machine for each member; each serves clients on port 2379.
        machines: Vec<Slug>,
    },
}

impl Board {
    /// The name in `lab.yaml`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Docker { .. } => "docker",
            Self::Kubernetes {} => "kubernetes",
            Self::Rabbitmq { .. } => "rabbitmq",
            Self::Etcd { .. } => "etcd",
        }
    }

    /// The machines it names.
    pub fn machines(&self) -> &[Slug] {
        match self {
            Self::Docker { machine } | Self::Rabbitmq { machine } => std::slice::from_ref(machine),
            Self::Kubernetes {} => &[],
            Self::Etcd { machines } => machines,
        }
    }

    /// Whether it is looked at from outside, so that the sandbox needs its grader machine.
    pub const fn needs_grader(&self) -> bool {
        match self {
            Self::Docker { .. } | Self::Kubernetes {} => false,
            Self::Rabbitmq { .. } | Self::Etcd { .. } => true,
        }
    }
}

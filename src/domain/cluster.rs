//! A lab's Kubernetes cluster, and the environments that an operator offers for it.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ids::Slug,
    lab::{Lab, Machine, Profile},
    quantity::ByteSize,
};

/// The machine of the control plane; no lab's own machine is called so.
pub const CONTROL: &str = "control";
/// The machine of the real nodes; no lab's own machine is called so.
pub const NODES: &str = "nodes";
/// The most real nodes: they share one machine.
pub const MAX_NODES: u8 = 4;
/// The most hollow nodes.
pub const MAX_HOLLOW_NODES: u8 = 10;

/// The cluster a lab asks for. The server adds its machines: `control`, and `nodes` when there are
/// real nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The oldest version of Kubernetes that will do, such as `"1.20"` (in quotes).
    pub at_least: ClusterVersion,
    /// Nodes that run containers; 2 when left out.
    #[serde(default = "two")]
    #[schemars(range(max = 4))]
    pub nodes: u8,
    /// Nodes that only say they run containers, for scheduling on many nodes; 0 when left out.
    #[serde(default)]
    #[schemars(range(max = 10))]
    pub hollow_nodes: u8,
}

const fn two() -> u8 {
    2
}

/// A version of Kubernetes, as far as labs care: `1.20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterVersion {
    major: u16,
    minor: u16,
}

/// The text is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of Kubernetes: write two numbers in quotes, as in \"1.20\"")]
pub struct InvalidVersion(String);

impl FromStr for ClusterVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| digits)
        };
        text.split_once('.')
            .and_then(|(major, minor)| {
                Some(Self {
                    major: number(major)?,
                    minor: number(minor)?,
                })
            })
            .ok_or_else(|| InvalidVersion(text.to_owned()))
    }
}

impl TryFrom<String> for ClusterVersion {
    type Error = InvalidVersion;

    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        text.parse()
    }
}

impl From<ClusterVersion> for String {
    fn from(version: ClusterVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for ClusterVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl JsonSchema for ClusterVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClusterVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": r"^[0-9]+\.[0-9]+$"})
    }
}

/// A kind of cluster that an operator offers: images that fulfil the contract of
/// `docs/LAB-FORMAT.md`, and what they need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterEnvironment {
    /// A name for people.
    pub name: Slug,
    /// The version of Kubernetes in its images.
    pub version: ClusterVersion,
    /// The image of the control plane.
    pub control_image: Slug,
    /// The image of the nodes' machine.
    pub nodes_image: Slug,
    /// Memory of the control plane.
    pub control_memory: ByteSize,
    /// Memory of the nodes' machine beside its nodes.
    pub nodes_memory: ByteSize,
    /// Memory of each real node with what runs on it.
    pub node_memory: ByteSize,
    /// Memory of each hollow node, on the control plane's machine.
    pub hollow_node_memory: ByteSize,
}

impl ClusterEnvironment {
    /// The one that comes with Slipway: built from Debian's sources, without a registry.
    pub fn built_in() -> Option<Self> {
        Some(Self {
            name: "debian".parse().ok()?,
            version: ClusterVersion {
                major: 1,
                minor: 20,
            },
            control_image: "kubernetes-control".parse().ok()?,
            nodes_image: "kubernetes-nodes".parse().ok()?,
            control_memory: ByteSize::mib(512),
            nodes_memory: ByteSize::mib(128),
            node_memory: ByteSize::mib(320),
            hollow_node_memory: ByteSize::mib(64),
        })
    }

    /// The newest of some environments that is new enough; of equally new ones, the first.
    pub fn choose<'a>(from: &'a [Self], cluster: &Cluster) -> Option<&'a Self> {
        from.iter()
            .filter(|e| e.version >= cluster.at_least)
            .reduce(|best, next| {
                if next.version > best.version {
                    next
                } else {
                    best
                }
            })
    }

    /// The machines of a cluster, to stand after the lab's own.
    pub fn machines(&self, cluster: &Cluster) -> Vec<Machine> {
        let times = |size: ByteSize, n: u8| size.bytes() * u64::from(n);
        let memory = |bytes: u64| ByteSize::mib(u32::try_from(bytes >> 20).unwrap_or(u32::MAX));
        let machine = |name: &str, image: &Slug, profile, bytes: u64, disk| {
            Some(Machine {
                name: name.parse().ok()?,
                image: image.clone(),
                profile,
                memory: memory(bytes),
                cpus: CPUS,
                disk,
                terminals: 0,
                env: std::collections::BTreeMap::new(),
            })
        };
        let control = machine(
            CONTROL,
            &self.control_image,
            Profile::Plain,
            self.control_memory.bytes() + times(self.hollow_node_memory, cluster.hollow_nodes),
            CONTROL_DISK,
        );
        let nodes = (cluster.nodes > 0).then(|| {
            machine(
                NODES,
                &self.nodes_image,
                Profile::Kubernetes,
                self.nodes_memory.bytes() + times(self.node_memory, cluster.nodes),
                memory(times(NODE_DISK, cluster.nodes)),
            )
        });
        control.into_iter().chain(nodes.flatten()).collect()
    }
}

/// Processor time of each of the cluster's machines: starting is what takes it.
const CPUS: f64 = 2.0;
/// Room for etcd's data.
const CONTROL_DISK: ByteSize = ByteSize::mib(320);
/// Room for the images, containers and volumes of a node.
const NODE_DISK: ByteSize = ByteSize::mib(384);

impl Lab {
    /// Adds the machines of its cluster, once.
    pub fn add_cluster(&mut self, environment: &ClusterEnvironment) {
        if let Some(cluster) = &self.kubernetes {
            self.machines.extend(environment.machines(cluster));
        }
    }
}

/// Whether a machine is one of a cluster's.
pub fn is_reserved(name: &Slug) -> bool {
    [CONTROL, NODES].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, version: &str) -> ClusterEnvironment {
        ClusterEnvironment {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            ..ClusterEnvironment::built_in().unwrap()
        }
    }

    fn cluster(at_least: &str, nodes: u8, hollow_nodes: u8) -> Cluster {
        Cluster {
            at_least: at_least.parse().unwrap(),
            nodes,
            hollow_nodes,
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<ClusterVersion>();
        assert!(version("1.9").unwrap() < version("1.20").unwrap());
        assert!(version("2.0").unwrap() > version("1.32").unwrap());
        for wrong in ["", "1", "1.", ".20", "1.20.2", "v1.20", "1.+2", "1.99999"] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_newest_environment_is_chosen_and_of_equals_the_first() {
        let offered = [
            environment("first", "1.20"),
            environment("new", "1.31"),
            environment("new-too", "1.31"),
        ];
        let chosen = |at_least| {
            ClusterEnvironment::choose(&offered, &cluster(at_least, 1, 0)).map(|e| e.name.as_str())
        };
        assert_eq!(chosen("1.20"), Some("new"));
        assert_eq!(chosen("1.31"), Some("new"));
        assert_eq!(chosen("1.32"), None);
    }

    #[test]
    fn a_cluster_of_hollow_nodes_has_one_machine() {
        let environment = ClusterEnvironment::built_in().unwrap();
        let names = |c: &Cluster| {
            let machines = environment.machines(c);
            machines
                .into_iter()
                .map(|m| (m.name.to_string(), m.memory.bytes() >> 20, m.terminals))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(&cluster("1.20", 0, 3)),
            [(CONTROL.to_owned(), 512 + 3 * 64, 0)]
        );
        assert_eq!(
            names(&cluster("1.20", 2, 0)),
            [
                (CONTROL.to_owned(), 512, 0),
                (NODES.to_owned(), 128 + 2 * 320, 0)
            ]
        );
    }
}

//! A nested Docker engine, by its API (version 1.41 and later).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Unreadable, bounded, text};

/// The questions, in the order of [`Parts`].
pub const CONTAINERS: &str = "/containers/json?all=1";
/// Networks.
pub const NETWORKS: &str = "/networks";
/// Images.
pub const IMAGES: &str = "/images/json";
/// Volumes.
pub const VOLUMES: &str = "/volumes";
/// What happens, as it happens.
pub const EVENTS: &str = "/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22image%22%2C%22network%22%2C%22volume%22%5D%7D";

const MAX_CONTAINERS: usize = 40;
const MAX_NETWORKS: usize = 16;
const MAX_IMAGES: usize = 30;
const MAX_VOLUMES: usize = 20;
/// Most ports, networks or mounts of one container, and tags of one image.
const MAX_PARTS: usize = 6;

/// What the engine holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Containers, the newest last.
    pub containers: Vec<Container>,
    /// Networks: the default one first, then by name.
    pub networks: Vec<Network>,
    /// Images, by name; those without one last.
    pub images: Vec<Image>,
    /// Volumes, by name.
    pub volumes: Vec<Volume>,
    /// What did not fit.
    pub more: More,
}

/// How many objects are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each counts what its name says")]
pub struct More {
    pub containers: usize,
    pub networks: usize,
    pub images: usize,
    pub volumes: usize,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Container {
    /// The first half of its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// The image's id, as in [`Image::id`].
    pub image_id: String,
    /// Where it is.
    pub state: State,
    /// How it ended.
    pub exit_code: Option<i64>,
    /// What its health check says.
    pub health: Option<Health>,
    /// Ports, each once.
    pub ports: Vec<Port>,
    /// The networks it is in.
    pub networks: Vec<Attachment>,
    /// What is mounted.
    pub mounts: Vec<Mount>,
    /// When it was made, in seconds since the epoch.
    pub created: i64,
}

/// Where a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the engine's own words")]
pub enum State {
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
    /// A word that a later engine may use.
    #[serde(other)]
    Unknown,
}

/// What a health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the engine's own words")]
pub enum Health {
    Starting,
    Healthy,
    Unhealthy,
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Port {
    /// On the machine; `None` when it is not published.
    pub public: Option<u16>,
    /// In the container.
    pub private: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// A container in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// The network's name.
    pub network: String,
    /// The address there, while it runs.
    pub address: Option<String>,
}

/// Something mounted in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// The volume's name, or the machine's path.
    pub source: String,
    /// Whether `source` is a volume.
    pub volume: bool,
    /// Where it is in the container.
    pub target: String,
    /// Whether the container may only read.
    pub read_only: bool,
}

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// How it is made.
    pub driver: String,
    /// Whether it has no way out.
    pub internal: bool,
    /// Whether it comes with the engine.
    pub builtin: bool,
    /// Its addresses.
    pub subnet: Option<String>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The first half of its id.
    pub id: String,
    /// Its names; none when it lost them.
    pub tags: Vec<String>,
    /// Bytes, shared layers included.
    pub size: u64,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// Whether the engine made the name up.
    pub anonymous: bool,
}

/// Which of the answers may have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a set of four, each asked for on its own"
)]
pub struct Stale {
    /// [`CONTAINERS`]
    pub containers: bool,
    /// [`NETWORKS`]
    pub networks: bool,
    /// [`IMAGES`]
    pub images: bool,
    /// [`VOLUMES`]
    pub volumes: bool,
}

impl Stale {
    /// Everything.
    pub const ALL: Self = Self {
        containers: true,
        networks: true,
        images: true,
        volumes: true,
    };

    /// Whether there is anything to ask.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Adds what an event, one line of [`EVENTS`], makes doubtful.
    pub fn note(&mut self, line: &[u8]) {
        #[derive(Deserialize)]
        struct Event {
            #[serde(rename = "Type", default)]
            kind: String,
            #[serde(rename = "Action", default)]
            action: String,
        }
        let Ok(Event { kind, action }) = serde_json::from_slice(line) else {
            // Whoever says things that are no events may have changed anything.
            *self = Self::ALL;
            return;
        };
        match kind.as_str() {
            // Commands in a container, of health checks too, and looks change nothing.
            "container"
                if ["exec_", "top", "attach", "detach", "resize", "export"]
                    .iter()
                    .any(|idle| action.starts_with(idle)) => {}
            "container" => {
                self.containers = true;
                // A container brings its anonymous volumes and takes them along.
                self.volumes |= matches!(action.as_str(), "create" | "destroy");
                self.images |= action == "commit";
            }
            "network" => {
                self.networks = true;
                self.containers = true;
            }
            "volume" => self.volumes = true,
            "image" => {
                self.images = true;
                // A container is listed by its image's name as long as it has one.
                self.containers = true;
            }
            _ => {}
        }
    }
}

/// The answers as they came last.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    containers: (Vec<Container>, usize),
    networks: (Vec<Network>, usize),
    images: (Vec<Image>, usize),
    volumes: (Vec<Volume>, usize),
}

impl Parts {
    /// The picture of what is known.
    pub fn picture(&self) -> Picture {
        Picture {
            containers: self.containers.0.clone(),
            networks: self.networks.0.clone(),
            images: self.images.0.clone(),
            volumes: self.volumes.0.clone(),
            more: More {
                containers: self.containers.1,
                networks: self.networks.1,
                images: self.images.1,
                volumes: self.volumes.1,
            },
        }
    }

    /// Takes an answer to [`CONTAINERS`].
    pub fn containers(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        let mut all: Vec<ListedContainer> = serde_json::from_slice(body)?;
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        // The newest are the ones the learner works on.
        let more = all.len().saturating_sub(MAX_CONTAINERS);
        let newest = all.into_iter().skip(more).map(ListedContainer::draw);
        self.containers = (newest.collect(), more);
        Ok(())
    }

    /// Takes an answer to [`NETWORKS`].
    pub fn networks(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        let all: Vec<ListedNetwork> = serde_json::from_slice(body)?;
        let mut all: Vec<_> = all.into_iter().map(ListedNetwork::draw).collect();
        all.sort_by_key(|n| (n.name != "bridge", n.builtin, n.name.clone()));
        self.networks = bounded(all, MAX_NETWORKS);
        Ok(())
    }

    /// Takes an answer to [`IMAGES`].
    pub fn images(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        let all: Vec<ListedImage> = serde_json::from_slice(body)?;
        let mut all: Vec<_> = all.into_iter().map(ListedImage::draw).collect();
        all.sort_by(|a, b| {
            (a.tags.is_empty(), &a.tags, &a.id).cmp(&(b.tags.is_empty(), &b.tags, &b.id))
        });
        self.images = bounded(all, MAX_IMAGES);
        Ok(())
    }

    /// Takes an answer to [`VOLUMES`].
    pub fn volumes(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "Volumes")]
            volumes: Option<Vec<Listed>>,
        }
        #[derive(Deserialize)]
        struct Listed {
            #[serde(rename = "Name")]
            name: String,
        }
        let Answer { volumes } = serde_json::from_slice(body)?;
        let mut all: Vec<_> = volumes
            .unwrap_or_default()
            .into_iter()
            .map(|v| Volume {
                anonymous: is_made_up(&v.name),
                name: text::name(&v.name),
            })
            .collect();
        all.sort_by(|a, b| (a.anonymous, &a.name).cmp(&(b.anonymous, &b.name)));
        self.volumes = bounded(all, MAX_VOLUMES);
        Ok(())
    }
}

/// Whether a volume's name is one of those that the engine makes up.
fn is_made_up(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Enough of an id to tell objects apart.
fn short(id: &str) -> String {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    text::clean(id, 32).replace('…', "")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedContainer {
    id: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    image: String,
    #[serde(rename = "ImageID", default)]
    image_id: String,
    #[serde(default)]
    created: i64,
    state: State,
    #[serde(default)]
    status: String,
    #[serde(default)]
    ports: Option<Vec<ListedPort>>,
    #[serde(default)]
    network_settings: Option<Settings>,
    #[serde(default)]
    mounts: Option<Vec<ListedMount>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPort {
    private_port: u16,
    public_port: Option<u16>,
    #[serde(rename = "Type", default)]
    protocol: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    #[serde(default)]
    networks: Option<BTreeMap<String, Endpoint>>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    #[serde(rename = "IPAddress", default)]
    address: String,
}

#[derive(Debug, Deserialize)]
struct ListedMount {
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Source", default)]
    source: String,
    #[serde(rename = "Destination", default)]
    target: String,
    #[serde(rename = "RW", default)]
    writable: bool,
}

impl ListedContainer {
    fn draw(self) -> Container {
        let mut ports: Vec<Port> = self
            .ports
            .unwrap_or_default()
            .into_iter()
            .map(|p| Port {
                public: p.public_port,
                private: p.private_port,
                protocol: text::clean(&p.protocol, 8),
            })
            .collect();
        // The same port is listed for IPv4 and for IPv6.
        ports.sort();
        ports.dedup();
        ports.sort_by_key(|p| p.public.is_none());
        ports.truncate(MAX_PARTS);
        let networks = self.network_settings.and_then(|s| s.networks);
        let networks = networks
            .unwrap_or_default()
            .into_iter()
            .take(MAX_PARTS)
            .map(|(network, at)| Attachment {
                network: text::name(&network),
                address: Some(text::clean(&at.address, 40)).filter(|a| !a.is_empty()),
            });
        let mounts = self.mounts.unwrap_or_default().into_iter().take(MAX_PARTS);
        let mounts = mounts.map(|m| {
            let volume = m.kind == "volume";
            Mount {
                source: text::name(if volume { &m.name } else { &m.source }),
                volume,
                target: text::name(&m.target),
                read_only: !m.writable,
            }
        });
        let name = self.names.first().map_or("", String::as_str);
        Container {
            id: short(&self.id),
            name: text::name(name.strip_prefix('/').unwrap_or(name)),
            image: text::name(&self.image),
            image_id: short(&self.image_id),
            state: self.state,
            exit_code: exit_code(&self.status),
            health: health(&self.status),
            ports,
            networks: networks.collect(),
            mounts: mounts.collect(),
            created: self.created,
        }
    }
}

/// From `Exited (137) 3 minutes ago`, `Restarting (1) 2 seconds ago`.
fn exit_code(status: &str) -> Option<i64> {
    let after = ["Exited (", "Restarting ("]
        .iter()
        .find_map(|s| status.strip_prefix(s))?;
    after.split_once(')')?.0.parse().ok()
}

/// From `Up 3 minutes (healthy)`.
fn health(status: &str) -> Option<Health> {
    let (_, said) = status.rsplit_once('(')?;
    match said.strip_suffix(')')? {
        "healthy" => Some(Health::Healthy),
        "unhealthy" => Some(Health::Unhealthy),
        "health: starting" => Some(Health::Starting),
        _ => None,
    }
}

#[derive(Debug, Deserialize)]
struct ListedNetwork {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Driver", default)]
    driver: String,
    #[serde(rename = "Internal", default)]
    internal: bool,
    #[serde(rename = "IPAM", default)]
    addresses: Option<Addresses>,
}

#[derive(Debug, Deserialize)]
struct Addresses {
    #[serde(rename = "Config", default)]
    config: Option<Vec<Subnet>>,
}

#[derive(Debug, Deserialize)]
struct Subnet {
    #[serde(rename = "Subnet", default)]
    subnet: Option<String>,
}

impl ListedNetwork {
    fn draw(self) -> Network {
        let subnets = self.addresses.and_then(|a| a.config).unwrap_or_default();
        let subnet = subnets.into_iter().find_map(|s| s.subnet);
        Network {
            builtin: matches!(self.name.as_str(), "bridge" | "host" | "none"),
            name: text::name(&self.name),
            driver: text::clean(&self.driver, 20),
            internal: self.internal,
            subnet: subnet.map(|s| text::clean(&s, 50)),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedImage {
    id: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    size: u64,
}

impl ListedImage {
    fn draw(self) -> Image {
        let tags = self.repo_tags.unwrap_or_default();
        let mut tags: Vec<_> = tags
            .iter()
            .filter(|tag| *tag != "<none>:<none>")
            .take(MAX_PARTS)
            .map(|tag| text::name(tag))
            .collect();
        tags.sort();
        Image {
            id: short(&self.id),
            tags,
            size: self.size,
        }
    }
}

#[cfg(test)]
mod tests;

//! A cluster, by the API server's lists and watches (version 1.20 and later).
//!
//! [`Cluster`] holds what is known: a list sets it, each line of a watch changes it, and
//! [`Cluster::picture`] draws it.

mod objects;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Unreadable, bounded, text};
use objects::Object;

const MAX_NODES: usize = 12;
const MAX_PODS: usize = 120;
const MAX_DEPLOYMENTS: usize = 24;
const MAX_SERVICES: usize = 24;
const MAX_EVENTS: usize = 12;
/// Objects of one resource that are kept; a list asks for no more.
const MAX_KEPT: usize = 300;
/// Namespaces of the cluster's own, which are left out.
const OWN: [&str; 4] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// What is listed and watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Nodes.
    Nodes,
    /// Pods.
    Pods,
    /// Deployments.
    Deployments,
    /// Services.
    Services,
    /// Which pods are behind a service.
    Endpoints,
    /// What happened.
    Events,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Nodes,
        Self::Pods,
        Self::Deployments,
        Self::Services,
        Self::Endpoints,
        Self::Events,
    ];

    const fn path(self) -> &'static str {
        match self {
            Self::Nodes => "/api/v1/nodes",
            Self::Pods => "/api/v1/pods",
            Self::Deployments => "/apis/apps/v1/deployments",
            Self::Services => "/api/v1/services",
            Self::Endpoints => "/api/v1/endpoints",
            Self::Events => "/api/v1/events",
        }
    }

    /// The address of the list.
    pub fn list(self) -> String {
        format!("{}?limit={MAX_KEPT}", self.path())
    }

    /// The address of what changes after a version.
    pub fn watch(self, version: &str) -> String {
        format!(
            "{}?watch=1&allowWatchBookmarks=true&resourceVersion={version}",
            self.path()
        )
    }
}

/// The cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Nodes, by name.
    pub nodes: Vec<Node>,
    /// Pods, by namespace and name.
    pub pods: Vec<Pod>,
    /// Deployments, by namespace and name.
    pub deployments: Vec<Deployment>,
    /// Services, by namespace and name.
    pub services: Vec<Service>,
    /// What happened, the latest first.
    pub events: Vec<Happening>,
    /// What did not fit.
    pub more: More,
}

/// How many objects are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each counts what its name says")]
pub struct More {
    pub nodes: usize,
    pub pods: usize,
    pub deployments: usize,
    pub services: usize,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What its condition `Ready` says: true, false, or `None` when nobody knows.
    pub ready: Option<bool>,
    /// Whether new pods may be placed there.
    pub schedulable: bool,
    /// Taints, as `key=value:effect`.
    pub taints: Vec<String>,
    /// The version of its kubelet.
    pub version: String,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it runs, once placed.
    pub node: Option<String>,
    /// How it is, for its colour.
    pub health: PodHealth,
    /// The word that `kubectl get pods` would show.
    pub status: String,
    /// Containers that are ready.
    pub ready: usize,
    /// Containers.
    pub containers: usize,
    /// How often containers were started again.
    pub restarts: u64,
    /// Its address.
    pub address: Option<String>,
    /// The deployment it belongs to, or whatever else made it.
    pub owner: Option<Owner>,
    /// What tells the versions of a deployment's pods apart.
    pub version: Option<String>,
}

/// How a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PodHealth {
    /// Every container is ready.
    Ready,
    /// It runs, but is not ready (yet).
    Unready,
    /// It waits: to be placed, for images, for volumes.
    Waiting,
    /// Something is wrong.
    Failing,
    /// It is being ended.
    Ending,
    /// It ended well.
    Done,
}

/// What made a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// `Deployment`, `ReplicaSet`, `StatefulSet`, `DaemonSet`, `Job`, …
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many pods it wants.
    pub desired: u64,
    /// How many are ready.
    pub ready: u64,
    /// How many are of the latest version.
    pub updated: u64,
    /// How many have been ready long enough.
    pub available: u64,
    /// Whether it is paused.
    pub paused: bool,
    /// The images of its containers.
    pub images: Vec<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`; `Headless`.
    pub kind: String,
    /// Its address.
    pub address: Option<String>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// Names of the pods that get its traffic.
    pub ready: Vec<String>,
    /// Names of pods that would, were they ready.
    pub unready: Vec<String>,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Port {
    /// At the service's address.
    pub port: u16,
    /// In the pods: a number or a name.
    pub target: String,
    /// On every node.
    pub node_port: Option<u16>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// To what: `pod/web-1`.
    pub object: String,
    /// Why, in one word.
    pub reason: String,
    /// What.
    pub message: String,
    /// Whether it is a warning.
    pub warning: bool,
    /// How often.
    pub count: u64,
    /// When it happened last, as the API server writes it.
    pub at: String,
}

/// What a line of a watch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing that is drawn.
    None,
    /// Something may look different.
    Changed,
    /// The version is too old: list again.
    Outdated,
}

/// What is known of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    kept: BTreeMap<(Resource, String), Object>,
}

impl Cluster {
    /// Takes a list. Returns the version from which to watch.
    pub fn list(&mut self, resource: Resource, body: &[u8]) -> Result<String, Unreadable> {
        #[derive(Deserialize)]
        struct List {
            metadata: ListMeta,
            items: Vec<serde_json::Value>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ListMeta {
            resource_version: String,
        }
        let List { metadata, items } = serde_json::from_slice(body)?;
        self.kept.retain(|(of, _), _| *of != resource);
        for item in items.into_iter().take(MAX_KEPT) {
            let (key, object) = objects::read(resource, item)?;
            self.keep(resource, key, object);
        }
        Ok(plain_version(&metadata.resource_version))
    }

    /// Takes a line of a watch.
    pub fn line(&mut self, resource: Resource, line: &[u8]) -> Result<Change, Unreadable> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "type")]
            kind: String,
            object: serde_json::Value,
        }
        let Line { kind, object } = serde_json::from_slice(line)?;
        match kind.as_str() {
            "ADDED" | "MODIFIED" => {
                let (key, object) = objects::read(resource, object)?;
                Ok(self.keep(resource, key, object))
            }
            "DELETED" => {
                let (key, _) = objects::read(resource, object)?;
                Ok(match self.kept.remove(&(resource, key)) {
                    Some(_) => Change::Changed,
                    None => Change::None,
                })
            }
            "ERROR" => Ok(Change::Outdated),
            _ => Ok(Change::None),
        }
    }

    fn keep(&mut self, resource: Resource, key: String, object: Object) -> Change {
        let key = (resource, key);
        if self.kept.get(&key) == Some(&object) {
            return Change::None;
        }
        let full = self.kept.keys().filter(|(of, _)| *of == resource).count() >= MAX_KEPT;
        if full && !self.kept.contains_key(&key) {
            // Events only ever grow in number: the oldest goes. Of others the picture is full.
            let oldest = self.oldest_event();
            match (resource, oldest) {
                (Resource::Events, Some(oldest)) => {
                    self.kept.remove(&(resource, oldest));
                }
                _ => return Change::None,
            }
        }
        self.kept.insert(key, object);
        Change::Changed
    }

    fn oldest_event(&self) -> Option<String> {
        let events = self.kept.iter().filter_map(|((_, key), object)| {
            let Object::Event(event) = object else {
                return None;
            };
            Some((&event.at, key))
        });
        events.min().map(|(_, key)| key.clone())
    }

    /// The picture of what is known.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::default();
        let mut behind: BTreeMap<&str, &objects::Behind> = BTreeMap::new();
        for ((_, key), object) in &self.kept {
            match object {
                Object::Node(node) => picture.nodes.push(node.clone()),
                Object::Pod(pod) if !is_own(&pod.namespace) => picture.pods.push(pod.clone()),
                Object::Deployment(d) if !is_own(&d.namespace) => {
                    picture.deployments.push(d.clone());
                }
                Object::Service(s) if !is_own(&s.namespace) => picture.services.push(s.clone()),
                Object::Endpoints(pods) => {
                    behind.insert(key, pods);
                }
                Object::Event(event) if !is_own(&event.namespace) => {
                    picture.events.push(event.happening.clone());
                }
                _ => {}
            }
        }
        for service in &mut picture.services {
            let key = format!("{}/{}", service.namespace, service.name);
            if let Some(pods) = behind.get(key.as_str()) {
                service.ready.clone_from(&pods.ready);
                service.unready.clone_from(&pods.unready);
            }
        }
        picture
            .events
            .sort_by(|a, b| (&b.at, &b.object, &b.reason).cmp(&(&a.at, &a.object, &a.reason)));
        picture.events.truncate(MAX_EVENTS);
        let mut more = More::default();
        (picture.nodes, more.nodes) = bounded(picture.nodes, MAX_NODES);
        (picture.pods, more.pods) = bounded(picture.pods, MAX_PODS);
        (picture.deployments, more.deployments) = bounded(picture.deployments, MAX_DEPLOYMENTS);
        (picture.services, more.services) = bounded(picture.services, MAX_SERVICES);
        picture.more = more;
        picture
    }
}

fn is_own(namespace: &str) -> bool {
    OWN.contains(&namespace)
}

/// A version goes into an address: nothing but what versions are made of.
fn plain_version(version: &str) -> String {
    let plain = version.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain && version.len() <= 40 {
        version.to_owned()
    } else {
        "0".to_owned()
    }
}

#[cfg(test)]
mod tests;

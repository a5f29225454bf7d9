//! From an object of the API to what a picture shows of it.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Deployment, Happening, Node, Owner, Pod, PodHealth, Port, Resource, Service, Unreadable, text,
};

/// Most ports, images, taints or pods of one object.
const MAX_PARTS: usize = 8;
/// Most pods behind one service.
const MAX_BEHIND: usize = 60;

/// What is kept of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    Node(Node),
    Pod(Pod),
    Deployment(Deployment),
    Service(Service),
    Endpoints(Behind),
    Event(Event),
}

/// The pods behind a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Behind {
    pub(super) ready: Vec<String>,
    pub(super) unready: Vec<String>,
}

/// Something that happened, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) namespace: String,
    pub(super) at: String,
    pub(super) happening: Happening,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<S, T> {
    metadata: Meta,
    #[serde(default)]
    spec: S,
    #[serde(default)]
    status: T,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    name: String,
    namespace: String,
    deletion_timestamp: Option<String>,
    owner_references: Vec<Owned>,
    labels: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Owned {
    kind: String,
    name: String,
}

/// Makes an object of a resource small. The key names it among those of its resource.
pub(super) fn read(resource: Resource, value: Value) -> Result<(String, Object), Unreadable> {
    Ok(match resource {
        Resource::Nodes => {
            let raw = of(value)?;
            (raw.metadata.key(), Object::Node(node(&raw)))
        }
        Resource::Pods => {
            let raw = of(value)?;
            (raw.metadata.key(), Object::Pod(pod(raw)))
        }
        Resource::Deployments => {
            let raw = of(value)?;
            (raw.metadata.key(), Object::Deployment(deployment(&raw)))
        }
        Resource::Services => {
            let raw = of(value)?;
            (raw.metadata.key(), Object::Service(service(&raw)))
        }
        Resource::Endpoints => {
            let raw: RawEndpoints = serde_json::from_value(value)?;
            (raw.metadata.key(), Object::Endpoints(behind(raw)))
        }
        Resource::Events => {
            let raw: RawEvent = serde_json::from_value(value)?;
            (raw.metadata.key(), Object::Event(event(raw)))
        }
    })
}

fn of<S, T>(value: Value) -> Result<Raw<S, T>, serde_json::Error>
where
    S: DeserializeOwned + Default,
    T: DeserializeOwned + Default,
{
    serde_json::from_value(value)
}

impl Meta {
    /// The API allows no `/` in either part. Cut, since a hostile server could answer anything.
    fn key(&self) -> String {
        format!(
            "{}/{}",
            text::clean(&self.namespace, 64),
            text::clean(&self.name, 256)
        )
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NodeSpec {
    unschedulable: bool,
    taints: Vec<Taint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeStatus {
    conditions: Vec<Condition>,
    node_info: NodeInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo {
    kubelet_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

fn node(raw: &Raw<NodeSpec, NodeStatus>) -> Node {
    let ready = raw.status.conditions.iter().find(|c| c.kind == "Ready");
    let taints = raw.spec.taints.iter().take(MAX_PARTS).map(|t| {
        let value = if t.value.is_empty() { "" } else { "=" };
        text::name(&format!("{}{value}{}:{}", t.key, t.value, t.effect))
    });
    Node {
        name: text::name(&raw.metadata.name),
        ready: ready.and_then(|c| match c.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }),
        schedulable: !raw.spec.unschedulable,
        taints: taints.collect(),
        version: text::clean(&raw.status.node_info.kubelet_version, 20),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    node_name: String,
    containers: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodStatus {
    phase: String,
    reason: String,
    #[serde(rename = "podIP")]
    address: String,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    ready: bool,
    restart_count: u64,
    state: ContainerState,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Why>,
    terminated: Option<Why>,
    running: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Why {
    reason: String,
    exit_code: i64,
}

/// Words for states that pass by themselves.
const PASSING: [&str; 3] = ["ContainerCreating", "PodInitializing", "Pending"];

fn pod(raw: Raw<PodSpec, PodStatus>) -> Pod {
    let Raw {
        metadata,
        spec,
        status,
    } = raw;
    let said = word(&metadata, &status);
    let ready = status.container_statuses.iter().filter(|c| c.ready).count();
    let is_ready = status
        .conditions
        .iter()
        .any(|c| c.kind == "Ready" && c.status == "True");
    let health = match said.as_str() {
        "Terminating" => PodHealth::Ending,
        "Completed" | "Succeeded" => PodHealth::Done,
        "Running" if is_ready => PodHealth::Ready,
        "Running" => PodHealth::Unready,
        word if PASSING.contains(&word) || word.starts_with("Init:") => PodHealth::Waiting,
        _ => PodHealth::Failing,
    };
    let version = metadata.labels.get("pod-template-hash");
    let owner = metadata.owner_references.first().map(|owner| {
        // A replica set that a deployment made is named after it.
        let deployment = version.and_then(|v| owner.name.strip_suffix(&format!("-{v}")));
        match deployment {
            Some(name) if owner.kind == "ReplicaSet" => Owner {
                kind: "Deployment".to_owned(),
                name: text::name(name),
            },
            _ => Owner {
                kind: text::clean(&owner.kind, 40),
                name: text::name(&owner.name),
            },
        }
    });
    Pod {
        namespace: text::name(&metadata.namespace),
        name: text::name(&metadata.name),
        node: Some(text::name(&spec.node_name)).filter(|n| !n.is_empty()),
        health,
        status: text::clean(&said, 40),
        ready,
        containers: spec.containers.len(),
        restarts: status
            .container_statuses
            .iter()
            .map(|c| c.restart_count)
            .fold(0, u64::saturating_add),
        address: Some(text::clean(&status.address, 40)).filter(|a| !a.is_empty()),
        owner,
        version: version.map(|v| text::clean(v, 20)),
    }
}

/// The word that `kubectl get pods` shows.
fn word(metadata: &Meta, status: &PodStatus) -> String {
    if metadata.deletion_timestamp.is_some() {
        return "Terminating".to_owned();
    }
    if !status.reason.is_empty() {
        return status.reason.clone();
    }
    for init in &status.init_container_statuses {
        let ContainerState {
            waiting,
            terminated,
            running: _,
        } = &init.state;
        match (terminated, waiting) {
            (Some(ended), _) if ended.exit_code == 0 => {}
            (Some(ended), _) => return format!("Init:{}", ended.reason),
            (_, Some(why)) if why.reason != "PodInitializing" => {
                return why.reason.clone();
            }
            _ => return "Init:Running".to_owned(),
        }
    }
    let mut said = None;
    for container in &status.container_statuses {
        let state = &container.state;
        if let Some(why) = state.waiting.as_ref().filter(|w| !w.reason.is_empty()) {
            return why.reason.clone();
        }
        if let Some(why) = state.terminated.as_ref().filter(|w| !w.reason.is_empty()) {
            said = Some(why.reason.clone());
        } else if state.running.is_some() && said.is_none() {
            said = Some("Running".to_owned());
        }
    }
    match said {
        Some(said) => said,
        None => status.phase.clone(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DeploymentSpec {
    replicas: Option<u64>,
    paused: bool,
    template: Template,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    spec: TemplateSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TemplateSpec {
    containers: Vec<Image>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Image {
    image: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DeploymentStatus {
    #[serde(rename = "readyReplicas")]
    ready: u64,
    #[serde(rename = "updatedReplicas")]
    updated: u64,
    #[serde(rename = "availableReplicas")]
    available: u64,
}

fn deployment(raw: &Raw<DeploymentSpec, DeploymentStatus>) -> Deployment {
    let containers = raw.spec.template.spec.containers.iter();
    Deployment {
        namespace: text::name(&raw.metadata.namespace),
        name: text::name(&raw.metadata.name),
        desired: raw.spec.replicas.unwrap_or(1),
        ready: raw.status.ready,
        updated: raw.status.updated,
        available: raw.status.available,
        paused: raw.spec.paused,
        images: containers
            .take(MAX_PARTS)
            .map(|c| text::name(&c.image))
            .collect(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceSpec {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "clusterIP")]
    address: String,
    ports: Vec<RawPort>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawPort {
    port: u16,
    target_port: Value,
    node_port: u16,
}

#[derive(Debug, Default, Deserialize)]
struct Nothing {}

fn service(raw: &Raw<ServiceSpec, Nothing>) -> Service {
    let headless = raw.spec.address == "None";
    let ports = raw.spec.ports.iter().take(MAX_PARTS).map(|p| Port {
        port: p.port,
        target: match &p.target_port {
            Value::String(name) => text::clean(name, 20),
            Value::Number(number) => number.to_string(),
            _ => p.port.to_string(),
        },
        node_port: Some(p.node_port).filter(|n| *n != 0),
    });
    Service {
        namespace: text::name(&raw.metadata.namespace),
        name: text::name(&raw.metadata.name),
        kind: if headless {
            "Headless".to_owned()
        } else {
            text::clean(&raw.spec.kind, 20)
        },
        address: Some(text::clean(&raw.spec.address, 40)).filter(|a| !a.is_empty() && !headless),
        ports: ports.collect(),
        ready: Vec::new(),
        unready: Vec::new(),
    }
}

#[derive(Debug, Deserialize)]
struct RawEndpoints {
    metadata: Meta,
    #[serde(default)]
    subsets: Option<Vec<Subset>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Subset {
    addresses: Option<Vec<Address>>,
    not_ready_addresses: Option<Vec<Address>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Address {
    target_ref: Owned,
}

fn behind(raw: RawEndpoints) -> Behind {
    let names = |addresses: Vec<Address>| {
        addresses
            .into_iter()
            .filter(|a| a.target_ref.kind == "Pod")
            .map(|a| text::name(&a.target_ref.name))
    };
    let mut found = Behind::default();
    for subset in raw.subsets.unwrap_or_default() {
        let Subset {
            addresses,
            not_ready_addresses,
        } = subset;
        found.ready.extend(names(addresses.unwrap_or_default()));
        found
            .unready
            .extend(names(not_ready_addresses.unwrap_or_default()));
    }
    for list in [&mut found.ready, &mut found.unready] {
        list.sort();
        list.dedup();
        list.truncate(MAX_BEHIND);
    }
    found
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent {
    metadata: Meta,
    #[serde(default)]
    involved_object: Owned,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    last_timestamp: Option<String>,
    #[serde(default)]
    event_time: Option<String>,
}

fn event(raw: RawEvent) -> Event {
    let at = raw.last_timestamp.or(raw.event_time).unwrap_or_default();
    let at = text::clean(&at, 40);
    let object = &raw.involved_object;
    Event {
        namespace: text::name(&raw.metadata.namespace),
        happening: Happening {
            object: text::name(&format!("{}/{}", object.kind.to_lowercase(), object.name)),
            reason: text::clean(&raw.reason.unwrap_or_default(), 40),
            message: text::clean(&raw.message.unwrap_or_default(), text::SENTENCE),
            warning: raw.kind.as_deref() == Some("Warning"),
            count: raw.count.unwrap_or(1),
            at: at.clone(),
        },
        at,
    }
}

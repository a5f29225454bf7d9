//! Whether the nodes bear out what objects say of themselves.
//!
//! The learner is the cluster's administrator: they may write any status, make nodes that nobody
//! runs and send a service's visitors anywhere. So an object that says that something runs counts
//! only when the node's own kubelet, asked through the API server with the control plane's
//! credentials, says the same of its container engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use super::super::{look::Stop, machines::Machines};
use super::api::Cluster;

/// How long a node may take to answer; one that is switched off does not.
const NODE: Duration = Duration::from_secs(3);

/// Where the control plane tells which events are its own: beside the API, for who grades.
const GENUINE_EVENTS: &str = "/slipway/genuine-events";

/// The nodes that the server made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Nodes {
    /// `node1` to this one run containers.
    pub(in super::super) real: u8,
    /// `hollow1` to this one only say so.
    pub(in super::super) hollow: u8,
}

impl Nodes {
    fn numbered(name: &str, prefix: &str, most: u8) -> bool {
        let number = name.strip_prefix(prefix).and_then(|n| n.parse::<u8>().ok());
        number.is_some_and(|n| (1..=most).contains(&n) && name == format!("{prefix}{n}"))
    }

    fn is_real(self, name: &str) -> bool {
        Self::numbered(name, "node", self.real)
    }

    fn is_hollow(self, name: &str) -> bool {
        Self::numbered(name, "hollow", self.hollow)
    }
}

/// Names of the containers that run, by their pod's uid.
type Running = BTreeMap<String, BTreeSet<String>>;

/// What has been asked so far.
pub(super) struct Truth<'c, 'a, M> {
    pub(super) cluster: &'c mut Cluster<'a, M>,
    nodes: Nodes,
    running: BTreeMap<String, Option<Running>>,
    pods: BTreeMap<String, Vec<Value>>,
    /// `namespace/name` of events that none but the cluster wrote.
    genuine: Option<BTreeSet<String>>,
}

impl<'c, 'a, M: Machines> Truth<'c, 'a, M> {
    pub(super) fn new(cluster: &'c mut Cluster<'a, M>, nodes: Nodes) -> Self {
        Self {
            cluster,
            nodes,
            running: BTreeMap::new(),
            pods: BTreeMap::new(),
            genuine: None,
        }
    }

    /// Whether what an object says of itself is so. Of resources that say nothing that nodes could
    /// know it always is.
    pub(super) async fn bears_out(
        &mut self,
        resource: &str,
        object: &Value,
        asks_restarts: bool,
    ) -> Result<bool, Stop> {
        match resource {
            "pods" => {
                Ok(self.pod(object).await? && (!asks_restarts || self.restarts(object).await?))
            }
            "deployments" | "replicasets" | "statefulsets" => {
                self.workload(object, "readyReplicas").await
            }
            "daemonsets" => self.workload(object, "numberReady").await,
            "horizontalpodautoscalers" => self.autoscaler(object).await,
            "endpoints" | "endpointslices" => self.addresses(object).await,
            "nodes" => self.node(object).await,
            "events" => self.event(object).await,
            _ => Ok(true),
        }
    }

    async fn pod(&mut self, pod: &Value) -> Result<bool, Stop> {
        let Some(said) = said_to_run(pod) else {
            return Ok(true);
        };
        let node = text(pod, "/spec/nodeName");
        if self.nodes.is_hollow(node) {
            return Ok(true);
        }
        let uid = text(pod, "/metadata/uid");
        let running = self.running(node).await?;
        let seen = running.and_then(|running| running.get(uid));
        Ok(seen.is_some_and(|seen| said.iter().all(|name| seen.contains(*name))))
    }

    /// That containers which are said to have been started again were: their node still has the log
    /// of an earlier one.
    async fn restarts(&mut self, pod: &Value) -> Result<bool, Stop> {
        let (namespace, name) = (
            text(pod, "/metadata/namespace"),
            text(pod, "/metadata/name"),
        );
        for status in list(pod, "/status/containerStatuses") {
            let restarts = status.get("restartCount").and_then(Value::as_u64);
            if restarts.unwrap_or_default() == 0 {
                continue;
            }
            let container = text(status, "/name");
            let path = format!(
                "/api/v1/namespaces/{namespace}/pods/{name}/log?previous=true&tailLines=1&container={container}"
            );
            if !self.cluster.is_there(&path, NODE).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn workload(&mut self, object: &Value, field: &str) -> Result<bool, Stop> {
        let ready = object.pointer(&format!("/status/{field}"));
        let ready = ready.and_then(Value::as_u64).unwrap_or_default();
        Ok(ready == 0 || self.ready_pods(object).await? >= ready)
    }

    /// That as many pods are ready as an autoscaler says there are.
    async fn autoscaler(&mut self, object: &Value) -> Result<bool, Stop> {
        let said = object.pointer("/status/currentReplicas");
        let said = said.and_then(Value::as_u64).unwrap_or_default();
        if said == 0 || text(object, "/spec/scaleTargetRef/kind") != "Deployment" {
            return Ok(said == 0);
        }
        let namespace = text(object, "/metadata/namespace");
        let deployments = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
        let deployments = self.cluster.list(&deployments).await?;
        let name = text(object, "/spec/scaleTargetRef/name");
        let target = deployments
            .iter()
            .find(|d| text(d, "/metadata/name") == name);
        match target {
            Some(target) => Ok(self.ready_pods(target).await? >= said),
            None => Ok(false),
        }
    }

    /// How many pods of a workload are ready and run.
    async fn ready_pods(&mut self, object: &Value) -> Result<u64, Stop> {
        let labels = object.pointer("/spec/selector/matchLabels");
        let labels = labels.and_then(Value::as_object);
        let mut seen = 0;
        for pod in self.pods_of(text(object, "/metadata/namespace")).await? {
            let has = |(name, value): (&String, &Value)| {
                let own = pod.pointer("/metadata/labels");
                own.and_then(|own| own.get(name)) == Some(value)
            };
            let belongs = labels.is_some_and(|labels| labels.iter().all(has));
            if belongs && is_ready(&pod) && self.pod(&pod).await? {
                seen += 1;
            }
        }
        Ok(seen)
    }

    /// That each address is one of a pod that runs.
    pub(super) async fn addresses(&mut self, object: &Value) -> Result<bool, Stop> {
        let mut missing = addresses(object);
        for pod in self.pods_of(text(object, "/metadata/namespace")).await? {
            let ip = text(&pod, "/status/podIP");
            // Nodes that nobody speaks of are not asked: they may be off, and take their time.
            if missing.contains(ip) && said_to_run(&pod).is_some() && self.pod(&pod).await? {
                missing.remove(ip);
            }
        }
        Ok(missing.is_empty())
    }

    /// That a node is one of the server's, and answers exactly when it is said to be ready.
    async fn node(&mut self, object: &Value) -> Result<bool, Stop> {
        let name = text(object, "/metadata/name");
        if self.nodes.is_hollow(name) {
            return Ok(true);
        }
        let answers = self.running(name).await?.is_some();
        Ok(self.nodes.is_real(name) && answers == is_ready(object))
    }

    /// That the cluster wrote an event, and nobody else did. The control plane knows who wrote what
    /// from its API server's audit.
    async fn event(&mut self, event: &Value) -> Result<bool, Stop> {
        if self.genuine.is_none() {
            let names: Option<BTreeSet<String>> = self.cluster.get(GENUINE_EVENTS).await?;
            self.genuine = Some(names.unwrap_or_default());
        }
        let name = format!(
            "{}/{}",
            text(event, "/metadata/namespace"),
            text(event, "/metadata/name")
        );
        Ok(self.genuine.as_ref().is_some_and(|all| all.contains(&name)))
    }

    /// What runs on a node; `None` when it is not one of ours, or does not answer.
    async fn running(&mut self, node: &str) -> Result<Option<&Running>, Stop> {
        if !self.running.contains_key(node) {
            let seen = if self.nodes.is_real(node) {
                let path = format!("/api/v1/nodes/{node}/proxy/runningpods/");
                self.cluster.of_node(&path, NODE).await?
            } else {
                None
            };
            self.running
                .insert(node.to_owned(), seen.as_ref().map(by_uid));
        }
        Ok(self.running.get(node).and_then(Option::as_ref))
    }

    async fn pods_of(&mut self, namespace: &str) -> Result<Vec<Value>, Stop> {
        if !self.pods.contains_key(namespace) {
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            let pods = self.cluster.list(&path).await?;
            self.pods.insert(namespace.to_owned(), pods);
        }
        Ok(self.pods.get(namespace).cloned().unwrap_or_default())
    }
}

/// The containers that a pod is said to run; `None` when it is not said to run at all.
fn said_to_run(pod: &Value) -> Option<Vec<&str>> {
    let statuses = list(pod, "/status/containerStatuses");
    let runs = |status: &&Value| {
        status.pointer("/state/running").is_some() || status.get("ready") == Some(&true.into())
    };
    let named: Vec<&str> = statuses
        .iter()
        .filter(runs)
        .map(|status| text(status, "/name"))
        .collect();
    let nothing_said = statuses.is_empty() && text(pod, "/status/phase") == "Running";
    if is_ready(pod) || nothing_said {
        let all = list(pod, "/spec/containers").iter();
        return Some(all.map(|container| text(container, "/name")).collect());
    }
    (!named.is_empty()).then_some(named)
}

/// Whether a pod or a node has the condition `Ready`.
fn is_ready(object: &Value) -> bool {
    list(object, "/status/conditions")
        .iter()
        .any(|c| text(c, "/type") == "Ready" && text(c, "/status") == "True")
}

/// The addresses to which visitors are sent, of endpoints or of a slice of them.
pub(super) fn addresses(object: &Value) -> BTreeSet<&str> {
    let subsets = list(object, "/subsets").iter();
    let of_subsets = subsets
        .flat_map(|subset| list(subset, "/addresses"))
        .map(|address| text(address, "/ip"));
    let ready = |endpoint: &&Value| endpoint.pointer("/conditions/ready") != Some(&false.into());
    let of_slices = list(object, "/endpoints")
        .iter()
        .filter(ready)
        .flat_map(|endpoint| list(endpoint, "/addresses"))
        .filter_map(Value::as_str);
    of_subsets.chain(of_slices).collect()
}

fn by_uid(pods: &Value) -> Running {
    let of = |pod: &Value| {
        let containers = list(pod, "/spec/containers").iter();
        let names = containers.map(|container| text(container, "/name").to_owned());
        (text(pod, "/metadata/uid").to_owned(), names.collect())
    };
    list(pods, "/items").iter().map(of).collect()
}

pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_nodes_of_the_server_s_are_known() {
        let nodes = Nodes { real: 2, hollow: 1 };
        assert!(nodes.is_real("node1") && nodes.is_real("node2"));
        for other in [
            "node0", "node3", "node01", "node", "fake", "hollow1", "node1.x",
        ] {
            assert!(!nodes.is_real(other), "{other}");
        }
        assert!(nodes.is_hollow("hollow1") && !nodes.is_hollow("hollow2"));
    }

    #[test]
    fn a_pod_that_is_said_to_be_ready_is_said_to_run_all_its_containers() {
        let pod = json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(said_to_run(&pod), Some(vec!["a", "b"]));
        let phase =
            json!({"spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Running"}});
        assert_eq!(said_to_run(&phase), Some(vec!["a"]));
        let crashing = json!({"spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Running",
            "containerStatuses": [{"name": "a", "ready": false, "state": {"waiting": {}}}]}});
        assert_eq!(said_to_run(&crashing), None);
        let half = json!({"status": {"phase": "Running", "containerStatuses": [
            {"name": "a", "state": {"running": {}}}, {"name": "b", "state": {"waiting": {}}}]}});
        assert_eq!(said_to_run(&half), Some(vec!["a"]));
        assert_eq!(said_to_run(&json!({"status": {"phase": "Pending"}})), None);
        assert_eq!(said_to_run(&json!(null)), None);
    }

    #[test]
    fn visitors_are_sent_to_the_ready_addresses_of_endpoints_and_slices() {
        let endpoints = json!({"subsets": [{"addresses": [{"ip": "10.244.1.2"}],
            "notReadyAddresses": [{"ip": "10.244.1.3"}]}]});
        assert_eq!(addresses(&endpoints), BTreeSet::from(["10.244.1.2"]));
        let slice = json!({"endpoints": [{"addresses": ["10.244.1.4"], "conditions": {"ready": true}},
            {"addresses": ["10.244.1.5"], "conditions": {"ready": false}}, {"addresses": ["10.244.1.6"]}]});
        assert_eq!(
            addresses(&slice),
            BTreeSet::from(["10.244.1.4", "10.244.1.6"])
        );
    }
}

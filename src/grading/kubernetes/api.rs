//! The cluster's API over its socket on the machine of the control plane.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header::HOST};
use serde::Deserialize;
use serde_json::Value;
use slipway_agent::protocol::AbsPath;
use tokio::time::Instant;

use crate::domain::{check::KubernetesCheck, ids::Slug};

use super::super::{
    evidence::Evidence,
    http_client::{Answer, exchange},
    look::{Finding, Stop},
    machines::Machines,
    messages,
    reach::{self, Dialled},
};

/// Where the control plane answers those who may do everything, with no pod or learner near.
const SOCKET: &str = "/run/slipway-kubernetes/api.sock";
/// Most bytes of one answer.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Most objects that are looked at.
const MAX_OBJECTS: usize = 500;

/// The groups of resources that need no group in a check; all others are in the core.
const GROUPS: [(&str, &str); 17] = [
    ("deployments", "apps"),
    ("replicasets", "apps"),
    ("statefulsets", "apps"),
    ("daemonsets", "apps"),
    ("controllerrevisions", "apps"),
    ("jobs", "batch"),
    ("cronjobs", "batch"),
    ("horizontalpodautoscalers", "autoscaling"),
    ("ingresses", "networking.k8s.io"),
    ("networkpolicies", "networking.k8s.io"),
    ("poddisruptionbudgets", "policy"),
    ("roles", "rbac.authorization.k8s.io"),
    ("rolebindings", "rbac.authorization.k8s.io"),
    ("clusterroles", "rbac.authorization.k8s.io"),
    ("clusterrolebindings", "rbac.authorization.k8s.io"),
    ("storageclasses", "storage.k8s.io"),
    ("endpointslices", "discovery.k8s.io"),
];

/// A cluster to be asked.
pub(super) struct Cluster<'a, M> {
    pub(super) machines: &'a M,
    pub(super) control: &'a Slug,
    pub(super) until: Instant,
    pub(super) evidence: &'a mut Evidence,
}

/// A resource with its group and version, as a check names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource<'a> {
    name: &'a str,
    group: &'a str,
    version: Option<&'a str>,
}

impl<'a> Resource<'a> {
    /// Its plural, without the group.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// `pods`, `widgets.example.org` or `widgets.example.org/v1`; `None` for anything that is no
    /// such name.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (whole, version) = match text.split_once('/') {
            Some((whole, version)) => (whole, Some(version)),
            None => (text, None),
        };
        let (name, group) = match whole.split_once('.') {
            Some((name, group)) => (name, group),
            None => {
                let usual = GROUPS.iter().find(|(name, _)| *name == whole);
                (whole, usual.map_or("", |(_, group)| group))
            }
        };
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        };
        let fine = plain(name) && (group.is_empty() || plain(group)) && version.is_none_or(plain);
        fine.then_some(Self {
            name,
            group,
            version,
        })
    }
}

#[derive(Deserialize)]
struct Group {
    versions: Vec<Version>,
    #[serde(rename = "preferredVersion")]
    preferred: Version,
}

#[derive(Deserialize, Clone)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    namespaced: bool,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

impl<M: Machines> Cluster<'_, M> {
    /// The objects that a check speaks of; `None` when the cluster has no such resource.
    pub(super) async fn objects(
        &mut self,
        check: &KubernetesCheck,
        resource: &Resource<'_>,
    ) -> Result<Option<Vec<Value>>, Stop> {
        let Some((base, namespaced)) = self.place(resource).await? else {
            return Ok(None);
        };
        let namespace = check.namespace.as_deref().unwrap_or("default");
        let folder = if namespaced {
            format!("{base}/namespaces/{namespace}/{}", resource.name)
        } else {
            format!("{base}/{}", resource.name)
        };
        if let Some(name) = &check.name {
            let object: Option<Value> = self.get(&format!("{folder}/{name}")).await?;
            return Ok(Some(object.into_iter().collect()));
        }
        let selector = check.selector.as_deref().unwrap_or_default();
        let selector = encode(selector);
        let path = format!("{folder}?limit={MAX_OBJECTS}&labelSelector={selector}");
        let list: Option<List> = self.get(&path).await?;
        Ok(Some(list.map_or_else(Vec::new, |list| list.items)))
    }

    /// Where a resource is, and whether it belongs to namespaces.
    async fn place(&mut self, resource: &Resource<'_>) -> Result<Option<(String, bool)>, Stop> {
        let bases: Vec<String> = match (resource.group, resource.version) {
            ("", version) => vec![format!("/api/{}", version.unwrap_or("v1"))],
            (group, Some(version)) => vec![format!("/apis/{group}/{version}")],
            (group, None) => {
                let Some(known) = self.get::<Group>(&format!("/apis/{group}")).await? else {
                    return Ok(None);
                };
                let versions = std::iter::once(known.preferred).chain(known.versions);
                versions
                    .take(8)
                    .map(|version| format!("/apis/{group}/{}", version.version))
                    .collect()
            }
        };
        for base in bases {
            let Some(listed) = self.get::<Resources>(&base).await? else {
                continue;
            };
            let found = listed
                .resources
                .into_iter()
                .find(|r| r.name == resource.name);
            if let Some(found) = found {
                return Ok(Some((base, found.namespaced)));
            }
        }
        Ok(None)
    }

    /// What is at an address; `None` when there is nothing.
    pub(super) async fn get<T: serde::de::DeserializeOwned>(
        &mut self,
        path: &str,
    ) -> Result<Option<T>, Stop> {
        match self.try_get(path, self.left()).await? {
            Ok(answer) => Ok(answer),
            Err(reason) => {
                self.evidence.line("cluster", reason);
                let text = messages::cluster_silent();
                Err(Stop::Found(Finding::Ungradable(text)))
            }
        }
    }

    /// All objects at an address.
    pub(super) async fn list(&mut self, path: &str) -> Result<Vec<Value>, Stop> {
        let list: Option<List> = self.get(&format!("{path}?limit={MAX_OBJECTS}")).await?;
        Ok(list.map_or_else(Vec::new, |list| list.items))
    }

    /// The slices of a service's endpoints.
    pub(super) async fn slices(
        &mut self,
        namespace: &str,
        service: &str,
    ) -> Result<Vec<Value>, Stop> {
        let resource = Resource {
            name: "endpointslices",
            group: "discovery.k8s.io",
            version: None,
        };
        let Some((base, _)) = self.place(&resource).await? else {
            return Ok(Vec::new());
        };
        let selector = encode(&format!("kubernetes.io/service-name={service}"));
        let path = format!(
            "{base}/namespaces/{namespace}/endpointslices?limit={MAX_OBJECTS}&labelSelector={selector}"
        );
        let list: Option<List> = self.get(&path).await?;
        Ok(list.map_or_else(Vec::new, |list| list.items))
    }

    /// What a node answers through the API server; `None` when it does not.
    pub(super) async fn of_node(
        &mut self,
        path: &str,
        within: Duration,
    ) -> Result<Option<Value>, Stop> {
        match self.try_get(path, within).await? {
            Ok(answer) => Ok(answer),
            Err(reason) => {
                self.evidence.line("node", reason);
                Ok(None)
            }
        }
    }

    /// Whether there is something at an address, whatever it is.
    pub(super) async fn is_there(&mut self, path: &str, within: Duration) -> Result<bool, Stop> {
        let answer = self.ask(path, within).await?;
        Ok(answer.is_ok_and(|answer| answer.status.as_u16() == 200))
    }

    async fn try_get<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        within: Duration,
    ) -> Result<Result<Option<T>, String>, Stop> {
        let answer = match self.ask(path, within).await? {
            Ok(answer) => answer,
            Err(reason) => return Ok(Err(reason)),
        };
        match answer.status.as_u16() {
            404 => Ok(Ok(None)),
            200 if answer.truncated => Ok(Err(format!("more than {MAX_ANSWER} bytes at {path}"))),
            200 => Ok(serde_json::from_slice(&answer.body).map_err(|e| e.to_string())),
            status => Ok(Err(format!("status {status} at {path}"))),
        }
    }

    /// The inner error is the cluster's, the outer one the machine's or ours.
    async fn ask(&self, path: &str, within: Duration) -> Result<Result<Answer, String>, Stop> {
        let socket = AbsPath::new(SOCKET).map_err(|e| Stop::Lab(e.to_string()))?;
        let dialled = reach::dial_socket(self.machines, self.control, &socket, self.left()).await?;
        let (stream, _agent) = match dialled {
            Dialled::Connected(stream, agent) => (stream, agent),
            Dialled::Refused => return Ok(Err("refuses connections".to_owned())),
            Dialled::OutOfReach(reason) => return Ok(Err(reason)),
        };
        let request = Request::get(path)
            .header(HOST, "localhost")
            .body(Full::<Bytes>::default())
            .map_err(|e| Stop::Lab(e.to_string()))?;
        let within = within.min(self.left());
        let answer = exchange(stream, request, within, MAX_ANSWER).await;
        Ok(answer.map_err(|e| e.to_string()))
    }

    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// A selector as a value in an address.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_resources_need_no_group_and_others_may_name_theirs() {
        let parsed = |text| Resource::parse(text).map(|r| (r.name, r.group, r.version));
        assert_eq!(parsed("pods"), Some(("pods", "", None)));
        assert_eq!(parsed("deployments"), Some(("deployments", "apps", None)));
        assert_eq!(
            parsed("widgets.example.org/v1beta1"),
            Some(("widgets", "example.org", Some("v1beta1")))
        );
        for bad in [
            "",
            "Pods",
            "pods/../secrets",
            "pods?x=1",
            "a b",
            ".apps",
            "pods/",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_selector_can_not_become_another_parameter() {
        assert_eq!(encode("app=web,tier!=a&b"), "app%3Dweb%2Ctier%21%3Da%26b");
    }
}

//! Where a port of the nodes leads: to pods that the nodes run, or elsewhere.

use serde_json::Value;

use super::super::{look::Stop, machines::Machines};
use super::truth::{Truth, addresses, list, text};

/// What a port of the cluster leads to.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Behind {
    /// The versions of all objects that decide it.
    versions: Vec<String>,
    /// There is such a service, it leads somewhere, and only to pods that run.
    pub(in super::super) pods_only: bool,
}

impl<M: Machines> Truth<'_, '_, M> {
    /// What the node port leads to.
    pub(super) async fn behind(&mut self, port: u16) -> Result<Behind, Stop> {
        let mut behind = Behind {
            versions: Vec::new(),
            pods_only: false,
        };
        let services = self.cluster.list("/api/v1/services").await?;
        let has_port = |service: &&Value| {
            let mut ports = list(service, "/spec/ports").iter();
            ports.any(|p| p.get("nodePort").and_then(Value::as_u64) == Some(port.into()))
        };
        let Some(service) = services.iter().find(has_port) else {
            return Ok(behind);
        };
        let (namespace, name) = (
            text(service, "/metadata/namespace"),
            text(service, "/metadata/name"),
        );
        let endpoints = format!("/api/v1/namespaces/{namespace}/endpoints");
        let mut objects = self.cluster.list(&endpoints).await?;
        objects.retain(|object| text(object, "/metadata/name") == name);
        // What sends visitors on: the endpoints, or the slices, which can be written by hand too.
        objects.extend(self.cluster.slices(namespace, name).await?);
        behind.pods_only = objects.iter().any(|object| !addresses(object).is_empty());
        for object in &objects {
            behind.pods_only &= self.addresses(object).await?;
        }
        let all = std::iter::once(service).chain(&objects);
        behind.versions = all
            .map(|o| text(o, "/metadata/resourceVersion").to_owned())
            .collect();
        Ok(behind)
    }
}

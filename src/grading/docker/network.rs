//! Networks and volumes of a nested engine.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::check::{NetworkMatch, VolumeMatch};

use super::{
    super::{look::Stop, machines::Machines, messages},
    Counted, Narrowing,
    container::Container,
    engine::Engine,
    id,
};

/// `GET /networks`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    id: String,
    name: String,
    driver: String,
    #[serde(default)]
    internal: bool,
}

/// `GET /networks/{id}`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    #[serde(default)]
    containers: BTreeMap<String, Member>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    name: String,
}

/// `GET /volumes`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Volumes {
    #[serde(default)]
    volumes: Option<Vec<Volume>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Volume {
    name: String,
}

pub(super) async fn count<M: Machines>(
    engine: &mut Engine<'_, M>,
    wanted: &NetworkMatch,
) -> Result<Counted, Stop> {
    let name = &wanted.name;
    let mut left: Vec<Network> = engine.get("/networks").await?;
    engine.note(
        left.iter()
            .map(|n| format!("{}, {}, internal: {}", n.name, n.driver, n.internal)),
    );
    let mut narrowed = Narrowing::default();
    left.retain(|n| n.name == *name);
    narrowed.when(left.is_empty(), "name", || messages::no_network(name));
    if let Some(driver) = &wanted.driver {
        let seen = left.first().map_or_else(String::new, |n| n.driver.clone());
        left.retain(|n| n.driver == *driver);
        narrowed.when(left.is_empty(), "driver", || {
            messages::network_driver(name, &seen)
        });
    }
    if let Some(internal) = wanted.internal {
        left.retain(|n| n.internal == internal);
        narrowed.when(left.is_empty(), "internal", || {
            messages::network_internal(name, internal)
        });
    }
    if let (Some(network), false) = (left.first(), wanted.containers.is_empty()) {
        let path = format!("/networks/{}", id(&network.id)?);
        let detail: Detail = engine.get(&path).await?;
        let is_in = |wanted: &&String| detail.containers.values().any(|m| m.name == **wanted);
        let missing = wanted.containers.iter().find(|c| !is_in(c)).cloned();
        if let Some(container) = missing {
            left.clear();
            narrowed.when(true, "containers", || {
                messages::network_lacks(name, &container)
            });
        }
    }
    Ok(narrowed.counted(left.len() as u64))
}

pub(super) async fn volumes<M: Machines>(
    engine: &mut Engine<'_, M>,
    wanted: &VolumeMatch,
) -> Result<Counted, Stop> {
    let name = &wanted.name;
    let Volumes { volumes } = engine.get("/volumes").await?;
    let mut left = volumes.unwrap_or_default();
    engine.note(left.iter().map(|v| v.name.clone()));
    let mut narrowed = Narrowing::default();
    left.retain(|v| v.name == *name);
    narrowed.when(left.is_empty(), "name", || messages::no_volume(name));
    if let Some(container) = &wanted.used_by {
        let slashed = format!("/{container}");
        let all: Vec<Container> = engine.get("/containers/json?all=1").await?;
        let used = all.iter().any(|c| {
            c.names.contains(&slashed) && c.mounts.iter().any(|mount| mount.is_volume(name))
        });
        if !used {
            left.clear();
        }
        narrowed.when(!used, "used_by", || {
            messages::volume_unused(name, container)
        });
    }
    Ok(narrowed.counted(left.len() as u64))
}

//! Containers of a nested engine.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{check::ContainerMatch, text::Text};

use super::{
    super::{look::Stop, machines::Machines, messages},
    Counted, MAX_INSPECTED, Narrowing,
    engine::Engine,
    id,
    image::{Image, MIB},
    is_called, label_amiss, user_fits,
};

/// `GET /containers/json`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Container {
    pub(super) id: String,
    #[serde(default)]
    pub(super) names: Vec<String>,
    image: String,
    #[serde(rename = "ImageID", default)]
    image_id: String,
    pub(super) state: String,
    #[serde(default)]
    ports: Vec<PublishedPort>,
    #[serde(default)]
    pub(super) mounts: Vec<Mount>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishedPort {
    public_port: Option<u16>,
    #[serde(rename = "Type", default)]
    protocol: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Mount {
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(default)]
    name: String,
}

impl Mount {
    /// Whether it is a volume of this name.
    pub(super) fn is_volume(&self, name: &str) -> bool {
        self.kind == "volume" && self.name == name
    }
}

/// `GET /containers/{id}/json`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    state: State,
    #[serde(default)]
    restart_count: u64,
    #[serde(default)]
    host_config: HostConfig,
    #[serde(default)]
    config: Config,
    #[serde(default)]
    network_settings: NetworkSettings,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    exit_code: i64,
    status: String,
    health: Option<Health>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HostConfig {
    memory: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Config {
    user: String,
    labels: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct NetworkSettings {
    networks: Value,
}

pub(super) async fn count<M: Machines>(
    engine: &mut Engine<'_, M>,
    wanted: &ContainerMatch,
) -> Result<Counted, Stop> {
    let mut left: Vec<Container> = engine.get("/containers/json?all=1").await?;
    engine.note(
        left.iter()
            .map(|c| format!("{} from {}, {}", c.names.join(" "), c.image, c.state)),
    );
    let mut narrowed = Narrowing::default();
    let first = if wanted.name.is_some() {
        "name"
    } else {
        "count"
    };
    narrowed.when(left.is_empty(), first, messages::no_container);
    if let Some(name) = &wanted.name {
        let slashed = format!("/{name}");
        left.retain(|c| c.names.contains(&slashed));
        narrowed.when(left.is_empty(), "name", || {
            messages::no_container_named(name)
        });
    }
    if let Some(image) = &wanted.image {
        // A container made from a tag that has moved on since is listed by image id.
        let images: Vec<Image> = engine.get("/images/json").await?;
        let same: Vec<&str> = images
            .iter()
            .filter(|i| i.is_called(image))
            .map(|i| i.id.as_str())
            .collect();
        left.retain(|c| is_called(&c.image, image) || same.contains(&c.image_id.as_str()));
        if let Some(ids) = engine.stock(image) {
            left.retain(|c| ids.contains(&c.image_id));
        }
        narrowed.when(left.is_empty(), "image", || {
            messages::container_image(image)
        });
    }
    if let Some(running) = &wanted.running {
        left.retain(|c| (c.state == "running") == *running);
        narrowed.when(left.is_empty(), "running", || {
            messages::container_running(*running)
        });
    }
    if let Some(port) = &wanted.published_port {
        let published = |p: &PublishedPort| p.public_port == Some(*port) && p.protocol == "tcp";
        left.retain(|c| c.ports.iter().any(published));
        narrowed.when(left.is_empty(), "published_port", || {
            messages::container_port(*port)
        });
    }
    if let Some(volume) = &wanted.volume {
        left.retain(|c| c.mounts.iter().any(|mount| mount.is_volume(volume)));
        narrowed.when(left.is_empty(), "volume", || {
            messages::container_volume(volume)
        });
    }
    if !asks_detail(wanted) {
        return Ok(narrowed.counted(left.len() as u64));
    }
    let mut fitting = 0;
    let mut last = None;
    for container in left.iter().take(MAX_INSPECTED) {
        let path = format!("/containers/{}/json", id(&container.id)?);
        let detail: Detail = engine.get(&path).await?;
        match amiss(wanted, &detail)? {
            None => fitting += 1,
            Some(amiss) => last = Some(amiss),
        }
    }
    if let Some((condition, text)) = last {
        narrowed.when(fitting == 0, condition, || text);
    }
    Ok(narrowed.counted(fitting))
}

fn asks_detail(wanted: &ContainerMatch) -> bool {
    wanted.exit_code.is_some()
        || !wanted.networks.is_empty()
        || wanted.healthy.is_some()
        || wanted.restarts.is_some()
        || wanted.memory_mib.is_some()
        || wanted.user.is_some()
        || !wanted.labels.is_empty()
}

/// The first condition that a container does not fulfil.
fn amiss(wanted: &ContainerMatch, seen: &Detail) -> Result<Option<(&'static str, Text)>, Stop> {
    if let Some(code) = wanted.exit_code {
        // A container that runs has exit code 0 too.
        if !matches!(seen.state.status.as_str(), "exited" | "dead") {
            return Ok(Some(("exit_code", messages::container_not_ended())));
        }
        if seen.state.exit_code != code {
            let text = messages::container_exit(seen.state.exit_code, code);
            return Ok(Some(("exit_code", text)));
        }
    }
    let networks = &seen.network_settings.networks;
    if let Some(network) = wanted.networks.iter().find(|n| networks.get(n).is_none()) {
        return Ok(Some(("networks", messages::container_network(network))));
    }
    if let Some(healthy) = wanted.healthy {
        let status = seen.state.health.as_ref().map(|h| h.status.as_str());
        let wanted = if healthy { "healthy" } else { "unhealthy" };
        let fits = status == Some(wanted);
        if !fits {
            return Ok(Some(("healthy", messages::container_health(status))));
        }
    }
    if let Some(range) = wanted.restarts.filter(|r| !r.holds(seen.restart_count)) {
        let text = messages::container_restarts(seen.restart_count, range);
        return Ok(Some(("restarts", text)));
    }
    let mib = seen.host_config.memory.div_ceil(MIB);
    if let Some(range) = wanted.memory_mib.filter(|r| !r.holds(mib)) {
        return Ok(Some(("memory_mib", messages::container_memory(mib, range))));
    }
    if let Some(user) = &wanted.user
        && !user_fits(&seen.config.user, user)?
    {
        let text = messages::user_seen(&seen.config.user);
        return Ok(Some(("user", text)));
    }
    if let Some(label) = label_amiss(Some(&seen.config.labels), &wanted.labels) {
        return Ok(Some(("labels", messages::label_amiss(&label))));
    }
    Ok(None)
}

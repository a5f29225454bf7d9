//! Images of a nested engine.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{
    check::{ImageMatch, Range},
    text::Text,
};

use super::{
    super::{
        look::Stop,
        machines::Machines,
        matching::{Seen, judge},
        messages,
    },
    Counted, MAX_INSPECTED, Narrowing,
    engine::Engine,
    id, is_called, label_amiss, user_fits,
};

pub(super) const MIB: u64 = 1 << 20;

/// `GET /images/json`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Image {
    pub(super) id: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    size: u64,
}

/// `GET /images/{id}/json`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    config: Option<Config>,
    #[serde(rename = "RootFS", default)]
    root: Root,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Config {
    exposed_ports: Option<BTreeMap<String, Value>>,
    user: Option<String>,
    labels: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Root {
    layers: Option<Vec<String>>,
}

/// `GET /images/{id}/history`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Instruction {
    #[serde(default)]
    created_by: String,
}

impl Image {
    pub(super) fn is_called(&self, wanted: &str) -> bool {
        let tags = self.repo_tags.iter().flatten();
        tags.into_iter().any(|tag| is_called(tag, wanted))
    }
}

pub(super) async fn count<M: Machines>(
    engine: &mut Engine<'_, M>,
    wanted: &ImageMatch,
) -> Result<Counted, Stop> {
    let name = &wanted.name;
    let all: Vec<Image> = engine.get("/images/json").await?;
    engine.note(all.iter().map(|i| {
        let tags = i.repo_tags.as_deref().unwrap_or_default();
        format!("{} of {} bytes", tags.join(" "), i.size)
    }));
    let mut narrowed = Narrowing::default();
    let mut left: Vec<&Image> = all.iter().filter(|i| i.is_called(name)).collect();
    if let Some(ids) = engine.stock(name) {
        left.retain(|i| ids.contains(&i.id));
    }
    narrowed.when(left.is_empty(), "name", || messages::no_image(name));
    if let Some(range) = wanted.size_mib {
        let seen = left.first().map_or(0, |i| i.size.div_ceil(MIB));
        left.retain(|i| size_fits(i.size, range));
        narrowed.when(left.is_empty(), "size_mib", || {
            messages::image_size(name, seen, range)
        });
    }
    let base = match &wanted.from {
        Some(from) => Some(layers(engine, &all, from).await?),
        None => None,
    };
    if !asks_detail(wanted) {
        return Ok(narrowed.counted(left.len() as u64));
    }
    let mut fitting = 0;
    let mut last = None;
    for image in left.iter().take(MAX_INSPECTED) {
        let path = format!("/images/{}", id(&image.id)?);
        let detail: Detail = engine.get(&format!("{path}/json")).await?;
        let mut found = amiss(wanted, &detail, base.as_deref())?;
        if let (None, Some(history)) = (&found, &wanted.history) {
            let made: Vec<Instruction> = engine.get(&format!("{path}/history")).await?;
            let made: Vec<String> = made.into_iter().map(|i| i.created_by).collect();
            let made = made.join("\n");
            let seen = Seen {
                bytes: made.as_bytes(),
                truncated: false,
            };
            if judge(history, seen, "")?.is_some() {
                found = Some(("history", messages::image_history(name)));
            }
        }
        match found {
            None => fitting += 1,
            Some(amiss) => last = Some(amiss),
        }
    }
    if let Some((condition, text)) = last {
        narrowed.when(fitting == 0, condition, || text);
    }
    Ok(narrowed.counted(fitting))
}

fn asks_detail(wanted: &ImageMatch) -> bool {
    wanted.exposes.is_some()
        || wanted.layers.is_some()
        || wanted.from.is_some()
        || wanted.user.is_some()
        || !wanted.labels.is_empty()
        || wanted.history.is_some()
}

/// The layers of the image of this name; none when there is no such image.
async fn layers<M: Machines>(
    engine: &mut Engine<'_, M>,
    all: &[Image],
    name: &str,
) -> Result<Vec<String>, Stop> {
    let Some(image) = all.iter().find(|i| i.is_called(name)) else {
        return Ok(Vec::new());
    };
    let detail: Detail = engine
        .get(&format!("/images/{}/json", id(&image.id)?))
        .await?;
    Ok(detail.root.layers.unwrap_or_default())
}

/// The first condition that an image does not fulfil.
fn amiss(
    wanted: &ImageMatch,
    seen: &Detail,
    base: Option<&[String]>,
) -> Result<Option<(&'static str, Text)>, Stop> {
    let name = &wanted.name;
    let config = seen.config.as_ref();
    if let Some(port) = wanted.exposes {
        let key = format!("{port}/tcp");
        let ports = config.and_then(|c| c.exposed_ports.as_ref());
        if !ports.is_some_and(|ports| ports.contains_key(&key)) {
            return Ok(Some(("exposes", messages::image_exposes(name, port))));
        }
    }
    let layers = seen.root.layers.as_deref().unwrap_or_default();
    let number = layers.len() as u64;
    if let Some(range) = wanted.layers.filter(|r| !r.holds(number)) {
        let text = messages::image_layers(name, number, range);
        return Ok(Some(("layers", text)));
    }
    if let (Some(from), Some(base)) = (&wanted.from, base)
        && (base.is_empty() || !layers.starts_with(base))
    {
        return Ok(Some(("from", messages::image_from(name, from))));
    }
    if let Some(user) = &wanted.user {
        let seen = config.and_then(|c| c.user.as_deref()).unwrap_or_default();
        if !user_fits(seen, user)? {
            return Ok(Some(("user", messages::user_seen(seen))));
        }
    }
    let labels = config.and_then(|c| c.labels.as_ref());
    if let Some(label) = label_amiss(labels, &wanted.labels) {
        return Ok(Some(("labels", messages::label_amiss(&label))));
    }
    Ok(None)
}

pub(super) fn size_fits(bytes: u64, mib: Range) -> bool {
    mib.min.is_none_or(|min| bytes >= min.saturating_mul(MIB))
        && mib.max.is_none_or(|max| bytes <= max.saturating_mul(MIB))
}

//! `docker:` the machine's nested engine holds such objects.
//!
//! Asked through the engine's API (version 1.41 and later) over its socket in the machine. The
//! learner owns the engine, so the answers are evidence of kind *inside*; they are bounded and
//! checked like any other bytes of the learner's.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header::HOST};
use serde::{Deserialize, de::DeserializeOwned};
use slipway_agent::protocol::AbsPath;
use tokio::time::Instant;

use crate::domain::{
    check::{ContainerMatch, DockerCheck, ImageMatch, Range},
    ids::Slug,
    text::Text,
};

use super::{
    evidence::Evidence,
    http_client::exchange,
    look::{Finding, Stop},
    machines::Machines,
    messages,
    reach::{self, Dialled},
};

/// The socket of the rootless engine.
const SOCKET: &str = "/run/user/1000/docker.sock";
/// Most bytes of one answer.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Most objects that are looked at one by one.
const MAX_INSPECTED: usize = 20;
/// Most objects named as evidence.
const MAX_NAMED: usize = 16;

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &DockerCheck,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let DockerCheck {
        machine: _,
        container,
        image,
        count,
    } = check;
    let mut engine = Engine {
        machines,
        machine,
        until: Instant::now() + within,
        evidence,
    };
    let counted = match (container, image) {
        (Some(wanted), None) => engine.containers(wanted).await?,
        (None, Some(wanted)) => engine.images(wanted).await?,
        _ => {
            return Err(Stop::Lab(
                "a docker check needs exactly one of container and image".to_owned(),
            ));
        }
    };
    engine.evidence.line("matching", counted.matching);
    Ok(counted.judge(*count))
}

/// How many objects fit, and what the last condition was that left none.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    matching: u64,
    narrowed_by: Option<(&'static str, Text)>,
}

impl Counted {
    fn judge(self, wanted: Option<Range>) -> Finding {
        let at_least_one = Range {
            min: Some(1),
            max: None,
        };
        let wanted = wanted.unwrap_or(at_least_one);
        if wanted.holds(self.matching) {
            return Finding::Passed;
        }
        match self.narrowed_by {
            Some((condition, text)) if self.matching == 0 => Finding::unmet(condition, text),
            _ => Finding::unmet(
                wanted.missed("count", self.matching),
                messages::matching_count(self.matching, wanted),
            ),
        }
    }
}

/// `GET /containers/json`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    id: String,
    #[serde(default)]
    names: Vec<String>,
    image: String,
    #[serde(rename = "ImageID", default)]
    image_id: String,
    state: String,
    #[serde(default)]
    ports: Vec<PublishedPort>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishedPort {
    public_port: Option<u16>,
    #[serde(rename = "Type", default)]
    protocol: String,
}

/// `GET /containers/{id}/json`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerDetail {
    state: ContainerState,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerState {
    exit_code: i64,
    status: String,
}

/// `GET /images/json`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    size: u64,
}

/// `GET /images/{id}/json`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageDetail {
    config: Option<ImageConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageConfig {
    #[serde(default)]
    exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
}

struct Engine<'a, M> {
    machines: &'a M,
    machine: &'a Slug,
    until: Instant,
    evidence: &'a mut Evidence,
}

impl<M: Machines> Engine<'_, M> {
    async fn containers(&mut self, wanted: &ContainerMatch) -> Result<Counted, Stop> {
        let ContainerMatch {
            name,
            image,
            running,
            exit_code,
            published_port,
        } = wanted;
        let mut left: Vec<Container> = self.get("/containers/json?all=1").await?;
        self.note(
            left.iter()
                .map(|c| format!("{} from {}, {}", c.names.join(" "), c.image, c.state)),
        );
        let mut narrowed = Narrowing::default();
        let first = if name.is_some() { "name" } else { "count" };
        narrowed.when(left.is_empty(), first, messages::no_container);
        if let Some(name) = name {
            let slashed = format!("/{name}");
            left.retain(|c| c.names.contains(&slashed));
            narrowed.when(left.is_empty(), "name", || {
                messages::no_container_named(name)
            });
        }
        if let Some(image) = image {
            // A container made from a tag that has moved on since is listed by image id.
            let images: Vec<Image> = self.get("/images/json").await?;
            let same: Vec<&str> = images
                .iter()
                .filter(|i| i.is_called(image))
                .map(|i| i.id.as_str())
                .collect();
            left.retain(|c| is_called(&c.image, image) || same.contains(&c.image_id.as_str()));
            narrowed.when(left.is_empty(), "image", || {
                messages::container_image(image)
            });
        }
        if let Some(running) = running {
            left.retain(|c| (c.state == "running") == *running);
            narrowed.when(left.is_empty(), "running", || {
                messages::container_running(*running)
            });
        }
        if let Some(port) = published_port {
            let published = |p: &PublishedPort| p.public_port == Some(*port) && p.protocol == "tcp";
            left.retain(|c| c.ports.iter().any(published));
            narrowed.when(left.is_empty(), "published_port", || {
                messages::container_port(*port)
            });
        }
        if let Some(wanted) = exit_code {
            let mut fitting = 0;
            let mut last = None;
            for container in left.iter().take(MAX_INSPECTED) {
                let path = format!("/containers/{}/json", id(&container.id)?);
                let ContainerDetail { state } = self.get(&path).await?;
                // A container that runs has exit code 0 too.
                if !matches!(state.status.as_str(), "exited" | "dead") {
                    last = Some(messages::container_not_ended());
                } else if state.exit_code == *wanted {
                    fitting += 1;
                } else {
                    last = Some(messages::container_exit(state.exit_code, *wanted));
                }
            }
            if let Some(text) = last {
                narrowed.when(fitting == 0, "exit_code", || text);
            }
            return Ok(narrowed.counted(fitting));
        }
        Ok(narrowed.counted(left.len() as u64))
    }

    async fn images(&mut self, wanted: &ImageMatch) -> Result<Counted, Stop> {
        let ImageMatch {
            name,
            size_mib,
            exposes,
        } = wanted;
        let mut left: Vec<Image> = self.get("/images/json").await?;
        self.note(left.iter().map(|i| {
            let tags = i.repo_tags.as_deref().unwrap_or_default();
            format!("{} of {} bytes", tags.join(" "), i.size)
        }));
        let mut narrowed = Narrowing::default();
        left.retain(|i| i.is_called(name));
        narrowed.when(left.is_empty(), "name", || messages::no_image(name));
        if let Some(range) = size_mib {
            let seen = left.first().map_or(0, |i| i.size.div_ceil(MIB));
            left.retain(|i| size_fits(i.size, *range));
            narrowed.when(left.is_empty(), "size_mib", || {
                messages::image_size(name, seen, *range)
            });
        }
        if let Some(port) = exposes {
            let key = format!("{port}/tcp");
            let mut fitting = 0;
            for image in left.iter().take(MAX_INSPECTED) {
                let detail: ImageDetail = self
                    .get(&format!("/images/{}/json", id(&image.id)?))
                    .await?;
                let ports = detail.config.and_then(|c| c.exposed_ports);
                fitting += u64::from(ports.is_some_and(|ports| ports.contains_key(&key)));
            }
            narrowed.when(fitting == 0, "exposes", || {
                messages::image_exposes(name, *port)
            });
            return Ok(narrowed.counted(fitting));
        }
        Ok(narrowed.counted(left.len() as u64))
    }

    fn note(&mut self, objects: impl ExactSizeIterator<Item = String>) {
        self.evidence
            .line("engine", format_args!("{} objects", objects.len()));
        for object in objects.take(MAX_NAMED) {
            self.evidence.line("  object", object);
        }
    }

    /// One request over a connection of its own.
    async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Stop> {
        match self.try_get(path).await? {
            Ok(answer) => Ok(answer),
            Err(reason) => {
                self.evidence.line("engine", reason);
                let silent = messages::engine_silent(self.machine.as_str());
                Err(Stop::Found(Finding::Ungradable(silent)))
            }
        }
    }

    /// The inner error is the engine's, the outer one the machine's or ours.
    async fn try_get<T: DeserializeOwned>(&self, path: &str) -> Result<Result<T, String>, Stop> {
        let left = || self.until.saturating_duration_since(Instant::now());
        let socket = AbsPath::new(SOCKET).map_err(|e| Stop::Lab(e.to_string()))?;
        let dialled = reach::dial_socket(self.machines, self.machine, &socket, left()).await?;
        let (stream, _agent) = match dialled {
            Dialled::Connected(stream, agent) => (stream, agent),
            Dialled::Refused => return Ok(Err("refuses connections".to_owned())),
            Dialled::OutOfReach(reason) => return Ok(Err(reason)),
        };
        let request = Request::get(path)
            .header(HOST, "engine")
            .body(Full::<Bytes>::default())
            .map_err(|e| Stop::Lab(e.to_string()))?;
        let answer = match exchange(stream, request, left(), MAX_ANSWER).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if answer.status.as_u16() != 200 {
            return Ok(Err(format!("status {} for {path}", answer.status)));
        }
        if answer.truncated {
            return Ok(Err(format!("more than {MAX_ANSWER} bytes for {path}")));
        }
        Ok(serde_json::from_slice(&answer.body).map_err(|e| e.to_string()))
    }
}

/// The first condition that left nothing.
#[derive(Default)]
struct Narrowing {
    by: Option<(&'static str, Text)>,
}

impl Narrowing {
    fn when(&mut self, nothing_left: bool, name: &'static str, text: impl FnOnce() -> Text) {
        if nothing_left && self.by.is_none() {
            self.by = Some((name, text()));
        }
    }

    fn counted(self, matching: u64) -> Counted {
        Counted {
            matching,
            narrowed_by: self.by,
        }
    }
}

const MIB: u64 = 1 << 20;

fn size_fits(bytes: u64, mib: Range) -> bool {
    mib.min.is_none_or(|min| bytes >= min.saturating_mul(MIB))
        && mib.max.is_none_or(|max| bytes <= max.saturating_mul(MIB))
}

impl Image {
    fn is_called(&self, wanted: &str) -> bool {
        self.repo_tags
            .iter()
            .flatten()
            .any(|tag| is_called(tag, wanted))
    }
}

/// Whether a reference is the wanted one; without a tag, any tag of that name will do.
fn is_called(reference: &str, wanted: &str) -> bool {
    let (name, tag) = parts(reference);
    let (wanted_name, wanted_tag) = parts(wanted);
    name == wanted_name && wanted_tag.is_none_or(|wanted| wanted == tag.unwrap_or("latest"))
}

/// Name, without what stands for Docker's own registry, and tag.
fn parts(reference: &str) -> (&str, Option<&str>) {
    let reference = reference.split('@').next().unwrap_or(reference);
    let reference = reference
        .strip_prefix("docker.io/library/")
        .or_else(|| reference.strip_prefix("docker.io/"))
        .unwrap_or(reference);
    match reference.rsplit_once(':') {
        // A colon before a slash is a registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    }
}

/// An id of the engine's, which must not become another path.
fn id(id: &str) -> Result<&str, Stop> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b':';
    if !id.is_empty() && id.len() <= 128 && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(Stop::Found(Finding::Failed {
            condition: String::new(),
            observation: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_tag_fits_any_tag() {
        for (reference, wanted, fits) in [
            ("nginx:latest", "nginx", true),
            ("nginx:1.26", "nginx", true),
            ("nginx", "nginx:latest", true),
            ("nginx:1.26", "nginx:latest", false),
            ("docker.io/library/nginx:1.26", "nginx:1.26", true),
            ("localhost:5000/nginx", "nginx", false),
            ("localhost:5000/nginx", "localhost:5000/nginx", true),
            ("nginx-unprivileged:latest", "nginx", false),
            ("nginx@sha256:abcd", "nginx", true),
            ("sha256:abcd", "nginx", false),
        ] {
            assert_eq!(is_called(reference, wanted), fits, "{reference} {wanted}");
        }
    }

    #[test]
    fn sizes_are_bounded_in_bytes() {
        let at_most_20 = Range {
            min: None,
            max: Some(20),
        };
        assert!(size_fits(20 * MIB, at_most_20));
        assert!(!size_fits(20 * MIB + 1, at_most_20));
    }

    #[test]
    fn one_must_match_unless_the_check_says_how_many() {
        let counted = |matching| Counted {
            matching,
            narrowed_by: Some(("name", messages::no_container())),
        };
        assert_eq!(counted(1).judge(None), Finding::Passed);
        assert_eq!(
            counted(0).judge(None),
            Finding::unmet("name", messages::no_container())
        );
        let none = Range {
            min: None,
            max: Some(0),
        };
        assert_eq!(counted(0).judge(Some(none)), Finding::Passed);
        assert_eq!(
            counted(2).judge(Some(none)),
            Finding::unmet("count.max", messages::matching_count(2, none))
        );
    }

    #[test]
    fn an_id_can_not_become_a_path() {
        assert!(id("sha256:00ff").is_ok());
        for bad in ["", "../images", "a?b", "a/b"] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }
}

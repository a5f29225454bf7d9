//! `docker:` the machine's nested engine holds such objects.
//!
//! Asked through the engine's API (version 1.41 and later) over its socket in the machine. The
//! learner owns the engine, so the answers are evidence of kind *inside*; they are bounded and
//! checked like any other bytes of the learner's, and only the machine's own engine is believed.
//! What a container *does* is for `http` checks.

mod container;
mod engine;
mod genuine;
mod image;
mod network;

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::domain::{
    check::{ContainerMatch, DockerCheck, Range, TextMatch},
    ids::Slug,
    text::Text,
};

use super::{
    evidence::Evidence,
    look::{Finding, Stop},
    machines::Machines,
    matching::{Seen, judge},
    messages,
};

use engine::{Engine, Silence};

/// Most objects that are looked at one by one.
const MAX_INSPECTED: usize = 20;

/// Counts objects. `offline` says that no image can have come from elsewhere, so that a name the
/// machine's own images have stands for these alone.
pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &DockerCheck,
    offline: bool,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let DockerCheck {
        machine: _,
        container,
        image,
        network,
        volume,
        count,
    } = check;
    let until = Instant::now() + within;
    let mut engine = Engine::new(machines, machine, until, offline, evidence);
    let counted = match (container, image, network, volume) {
        (Some(wanted), None, None, None) => container::count(&mut engine, wanted).await?,
        (None, Some(wanted), None, None) => image::count(&mut engine, wanted).await?,
        (None, None, Some(wanted), None) => network::count(&mut engine, wanted).await?,
        (None, None, None, Some(wanted)) => network::volumes(&mut engine, wanted).await?,
        _ => {
            return Err(Stop::Lab(
                "a docker check needs exactly one of container, image, network and volume"
                    .to_owned(),
            ));
        }
    };
    engine.evidence.line("matching", counted.matching);
    Ok(counted.judge(*count))
}

/// Whether what answers on a port of the machine is a container: of the machine's own engine, which
/// holds the port and publishes it to the running container of this name.
pub(super) async fn answers<M: Machines>(
    machines: &M,
    machine: &Slug,
    container: &str,
    port: u16,
    until: Instant,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let wanted = ContainerMatch {
        name: Some(container.to_owned()),
        running: Some(true),
        published_port: Some(port),
        ..ContainerMatch::default()
    };
    let mut engine = Engine::new(machines, machine, until, false, evidence);
    let counted = container::count(&mut engine, &wanted).await?;
    let left = engine.left();
    let pid = engine.own().map_or(0, |own| own.pid);
    let not_this = || messages::port_of_another(container, port);
    if counted.matching == 0 {
        let text = counted.narrowed_by.map_or_else(not_this, |(_, text)| text);
        return Ok(Finding::unmet(genuine::PORT, text));
    }
    match genuine::prove(machines, machine, pid, Some(port), left, evidence).await {
        Ok(_) => Ok(Finding::Passed),
        Err(Stop::Found(Finding::Failed { condition, .. })) if condition == genuine::PORT => {
            Ok(Finding::unmet(genuine::PORT, not_this()))
        }
        Err(stop) => Err(stop),
    }
}

/// Whether the machine's own engine answers at its socket, for checks that ask it with tools of
/// their own. An engine that does not answer at all is for them to judge.
pub(super) async fn own_engine<M: Machines>(
    machines: &M,
    machine: &Slug,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<(), Stop> {
    let until = Instant::now() + within;
    let mut engine = Engine::new(machines, machine, until, false, evidence);
    if let Err(Silence(reason)) = engine.connect().await? {
        evidence.line("engine", reason);
    }
    Ok(())
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

/// The first label that is not as wanted: missing or different.
fn label_amiss(
    seen: Option<&Value>,
    wanted: &std::collections::BTreeMap<String, String>,
) -> Option<String> {
    let amiss = wanted.iter().find(|(name, value)| {
        let seen = seen.and_then(|labels| labels.get(name.as_str()));
        seen.and_then(Value::as_str) != Some(value.as_str())
    });
    amiss.map(|(name, _)| name.clone())
}

/// Whether a user is as wanted. Nobody in particular is root, by either name.
fn user_fits(seen: &str, wanted: &TextMatch) -> Result<bool, Stop> {
    let user = seen.split(':').next().unwrap_or(seen);
    let names: &[&str] = match user {
        "" | "0" | "root" => &["root", "0"],
        _ => &[user],
    };
    let mut all = true;
    let mut any = false;
    for name in names {
        let seen = Seen {
            bytes: name.as_bytes(),
            truncated: false,
        };
        let fits = judge(wanted, seen, "")?.is_none();
        all &= fits;
        any |= fits;
    }
    // What must not be root is so under neither name; what must be, under one.
    Ok(if wanted.excludes.is_some() { all } else { any })
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
    use super::{image::MIB, *};

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
        assert!(image::size_fits(20 * MIB, at_most_20));
        assert!(!image::size_fits(20 * MIB + 1, at_most_20));
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

    #[test]
    fn root_is_root_under_any_name() {
        let wanted = |yaml: &str| -> TextMatch { serde_saphyr::from_str(yaml).unwrap() };
        for (seen, yaml, fits) in [
            ("", "equals: root", true),
            ("0:0", "equals: root", true),
            ("root", "equals: '0'", true),
            ("app", "equals: root", false),
            ("1000:1000", "matches: '^[1-9]'", true),
            ("", "excludes: root", false),
            ("0", "excludes: root", false),
            ("app", "excludes: root", true),
        ] {
            let judged = user_fits(seen, &wanted(yaml)).unwrap();
            assert_eq!(judged, fits, "{seen} {yaml}");
        }
    }
}

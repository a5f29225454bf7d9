//! `kubernetes:` the cluster of the lab holds objects like this.
//!
//! Asked over a socket on the machine of the control plane, which the learner can't enter and no
//! pod can reach, so that the answers are the cluster's own: evidence from outside. The learner is
//! the cluster's administrator and may write any object, so what objects say of what runs is
//! compared with what the nodes run; whether the work *does* what it should is for `http` checks on
//! the machine of the nodes.

mod api;
mod behind;
mod path;
mod truth;

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::domain::{
    check::{FieldMatch, KubernetesCheck, Range},
    ids::Slug,
    text::Text,
};

use super::{
    evidence::Evidence,
    look::{Finding, Stop},
    machines::Machines,
    matching::{InvalidPattern, Seen, judge},
    messages,
};

use api::{Cluster, Resource};
use path::{Path, number, text};
use truth::Truth;

pub(super) use behind::Behind;
pub(super) use truth::Nodes;

/// Most objects named as evidence.
const MAX_NAMED: usize = 12;
/// Most values of a field named to the learner, and most characters of each.
const MAX_TOLD: usize = 3;
const MAX_VALUE: usize = 60;
/// What a kubelet says of its engine may be two seconds old.
const SETTLES: Duration = Duration::from_secs(3);

pub(super) async fn look<M: Machines>(
    machines: &M,
    control: &Slug,
    check: &KubernetesCheck,
    nodes: Nodes,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let resource = Resource::parse(&check.resource)
        .ok_or_else(|| Stop::Lab(format!("`{}` is no resource", check.resource)))?;
    let mut cluster = Cluster {
        machines,
        control,
        until: Instant::now() + within,
        evidence,
    };
    let settled = Instant::now() + SETTLES;
    loop {
        let objects = cluster.objects(check, &resource).await?;
        let objects = objects.unwrap_or_default();
        note(&objects, cluster.evidence);
        let finding = judge_all(check, objects.clone())?;
        if finding != Finding::Passed {
            return Ok(finding);
        }
        let Some(doubtful) = doubtful(&mut cluster, check, &resource, nodes, objects).await? else {
            return Ok(Finding::Passed);
        };
        cluster.evidence.line("not borne out", &doubtful);
        if Instant::now() >= settled {
            let text = match resource.name() {
                "events" => messages::not_the_cluster_s(&doubtful),
                _ => messages::not_borne_out(&doubtful),
            };
            return Ok(Finding::unmet("nodes", text));
        }
        sleep(SETTLES / 6).await;
    }
}

/// The name of an object that is not borne out by the nodes, when the rest is not enough.
async fn doubtful<M: Machines>(
    cluster: &mut Cluster<'_, M>,
    check: &KubernetesCheck,
    resource: &Resource<'_>,
    nodes: Nodes,
    objects: Vec<Value>,
) -> Result<Option<String>, Stop> {
    let asked = |path: &str| path.contains("restartCount") || path.contains("lastState");
    let asks_restarts = check.conditions.iter().any(|c| asked(&c.path));
    let mut truth = Truth::new(cluster, nodes);
    let mut left = Vec::new();
    let mut doubtful = None;
    for object in objects {
        if truth
            .bears_out(resource.name(), &object, asks_restarts)
            .await?
        {
            left.push(object);
        } else if doubtful.is_none() {
            doubtful = Some(name(&object));
        }
    }
    Ok(match judge_all(check, left)? {
        Finding::Passed => None,
        _ => doubtful,
    })
}

/// What the node port leads to; `None` when it leads anywhere but to pods that the nodes run.
pub(super) async fn behind<M: Machines>(
    machines: &M,
    control: &Slug,
    port: u16,
    nodes: Nodes,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Option<Behind>, Stop> {
    let mut cluster = Cluster {
        machines,
        control,
        until: Instant::now() + within,
        evidence,
    };
    let behind = Truth::new(&mut cluster, nodes).behind(port).await?;
    Ok(Some(behind).filter(|behind| behind.pods_only))
}

fn note(objects: &[Value], evidence: &mut Evidence) {
    evidence.line("objects", objects.len());
    for object in objects.iter().take(MAX_NAMED) {
        let status = object.get("status").unwrap_or(&Value::Null);
        evidence.line(&format!("  {}", name(object)), status);
    }
}

fn judge_all(check: &KubernetesCheck, objects: Vec<Value>) -> Result<Finding, Stop> {
    let wanted = check.count.unwrap_or(Range {
        min: Some(1),
        max: None,
    });
    let mut left = objects;
    // The first condition that left fewer than are wanted, with what was seen.
    let mut narrowed: Option<(String, Text)> = None;
    let too_few = |left: &[Value]| wanted.min.is_some_and(|min| (left.len() as u64) < min);
    if left.is_empty() {
        let condition = if check.name.is_some() {
            "name"
        } else {
            "count"
        };
        narrowed = Some((condition.to_owned(), messages::no_object(check)));
    }
    for condition in &check.conditions {
        let before = left.clone();
        let mut fitting = Vec::new();
        for object in left {
            if fits(condition, &object)? {
                fitting.push(object);
            }
        }
        left = fitting;
        if too_few(&left) && narrowed.is_none() {
            let missing = before.iter().find(|object| !left.contains(object));
            if let Some(object) = missing {
                let key = condition.say.as_deref().unwrap_or("where");
                narrowed = Some((key.to_owned(), describe(condition, object)?));
            }
        }
    }
    for (kind, status) in &check.condition {
        let before = left.clone();
        left.retain(|object| status_of(object, kind).is_some_and(|(seen, _)| seen == *status));
        if too_few(&left)
            && narrowed.is_none()
            && let Some(object) = before.iter().find(|object| !left.contains(object))
        {
            let seen = status_of(object, kind);
            let text = messages::object_condition(&name(object), kind, status, seen);
            narrowed = Some((format!("condition.{kind}"), with_state(text, object)));
        }
    }
    let matching = left.len() as u64;
    if !wanted.holds(matching) {
        let said = narrowed.filter(|_| wanted.min.is_some_and(|min| matching < min));
        return Ok(match said {
            Some((condition, text)) => Finding::unmet(condition, text),
            None => Finding::unmet(
                wanted.missed("count", matching),
                messages::matching_count(matching, wanted),
            ),
        });
    }
    for condition in &check.conditions {
        let Some(distinct) = condition.distinct else {
            continue;
        };
        let path = parse(&condition.path)?;
        let values = left.iter().flat_map(|object| path.values(object));
        let values: BTreeSet<String> = values.map(text).collect();
        let seen = values.len() as u64;
        if !distinct.holds(seen) {
            let key = condition.say.as_deref().unwrap_or("where");
            let text = messages::distinct_values(&condition.path, seen, distinct);
            return Ok(Finding::unmet(key, text));
        }
    }
    Ok(Finding::Passed)
}

fn parse(path: &str) -> Result<Path, Stop> {
    Path::parse(path).map_err(|e| Stop::Lab(e.to_string()))
}

/// Whether an object fits a condition.
fn fits(condition: &FieldMatch, object: &Value) -> Result<bool, Stop> {
    let values = parse(&condition.path)?;
    let values = values.values(object);
    if let Some(exists) = condition.exists
        && exists == values.is_empty()
    {
        return Ok(false);
    }
    let wanted = condition.text();
    let asks_text = wanted != crate::domain::check::TextMatch::default();
    let range = condition.range();
    let other: Option<Vec<Value>> = match &condition.same_as {
        Some(path) => Some(parse(path)?.values(object).into_iter().cloned().collect()),
        None => None,
    };
    if !asks_text && range.is_none() && other.is_none() {
        return Ok(true);
    }
    let one_fits = |value: &Value| -> Result<bool, InvalidPattern> {
        if let Some(range) = range
            && !number(value).is_some_and(|n| range.holds(n))
        {
            return Ok(false);
        }
        if let Some(other) = &other
            && !other.contains(value)
        {
            return Ok(false);
        }
        let text = text(value);
        let seen = Seen {
            bytes: text.as_bytes(),
            truncated: false,
        };
        Ok(judge(&wanted, seen, "")?.is_none())
    };
    let mut fitting = 0;
    for value in &values {
        fitting += usize::from(one_fits(value)?);
    }
    Ok(fitting > 0 && (!condition.every || fitting == values.len()))
}

/// What a learner is told of an object that does not fit.
fn describe(condition: &FieldMatch, object: &Value) -> Result<Text, Stop> {
    let name = name(object);
    let path = &condition.path;
    let values = parse(path)?;
    let values = values.values(object);
    let text = if values.is_empty() {
        messages::field_missing(&name, path)
    } else {
        let told: Vec<String> = values
            .iter()
            .take(MAX_TOLD)
            .map(|value| text(value).chars().take(MAX_VALUE).collect())
            .collect();
        messages::field_seen(&name, path, &told, condition.range())
    };
    Ok(if path.starts_with(".status") {
        with_state(text, object)
    } else {
        text
    })
}

/// Adds how many of an object's parts are ready, or what a container waits for.
fn with_state(first: Text, object: &Value) -> Text {
    match state(object) {
        Some(second) => messages::join(&first, &second),
        None => first,
    }
}

fn state(object: &Value) -> Option<Text> {
    let status = object.get("status")?;
    let at = |field: &str| status.get(field).and_then(Value::as_u64);
    let name = name(object);
    if let Some(containers) = status.get("containerStatuses").and_then(Value::as_array) {
        let waits = containers
            .iter()
            .filter_map(|c| c.get("state")?.get("waiting")?.get("reason")?.as_str());
        if let Some(reason) = waits.take(1).next() {
            return Some(messages::pod_waits(&name, reason));
        }
        let ready = containers
            .iter()
            .filter(|c| c.get("ready") == Some(&Value::Bool(true)));
        let all = containers.len() as u64;
        return Some(messages::ready_of(&name, ready.count() as u64, all));
    }
    if let Some(all) = at("desiredNumberScheduled") {
        let ready = at("numberReady").unwrap_or_default();
        return Some(messages::ready_of(&name, ready, all));
    }
    let all = object.get("spec")?.get("replicas")?.as_u64()?;
    let ready = at("readyReplicas").unwrap_or_default();
    Some(messages::ready_of(&name, ready, all))
}

/// Status and reason of a condition in an object's status.
fn status_of<'a>(object: &'a Value, kind: &str) -> Option<(&'a str, &'a str)> {
    let conditions = object.get("status")?.get("conditions")?.as_array()?;
    let found = conditions
        .iter()
        .find(|c| c.get("type").and_then(Value::as_str) == Some(kind))?;
    let reason = found.get("reason").and_then(Value::as_str);
    Some((found.get("status")?.as_str()?, reason.unwrap_or_default()))
}

fn name(object: &Value) -> String {
    let name = object.get("metadata").and_then(|m| m.get("name"));
    name.and_then(Value::as_str).unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests;

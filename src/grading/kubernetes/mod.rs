//! `kubernetes:` the cluster of the lab holds objects like this.
//!
//! Asked over a socket on the machine of the control plane, which the learner can't enter and no
//! pod can reach, so that the answers are the cluster's own: evidence from outside. The learner is
//! the cluster's administrator and may write any object; whether the work *does* what it should is
//! for `http` checks on the machine of the nodes.

mod api;
mod path;

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

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

/// Most objects named as evidence.
const MAX_NAMED: usize = 12;
/// Most values of a field named to the learner, and most characters of each.
const MAX_TOLD: usize = 3;
const MAX_VALUE: usize = 60;

pub(super) async fn look<M: Machines>(
    machines: &M,
    control: &Slug,
    check: &KubernetesCheck,
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
    let objects = cluster.objects(check, &resource).await?;
    let objects = objects.unwrap_or_default();
    evidence.line("objects", objects.len());
    for object in objects.iter().take(MAX_NAMED) {
        let status = object.get("status").unwrap_or(&Value::Null);
        evidence.line(&format!("  {}", name(object)), status);
    }
    judge_all(check, objects)
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{domain::check::CheckKind, grading::testing::check_kind};

    fn check(yaml: &str) -> KubernetesCheck {
        match check_kind(&format!("kubernetes: {{{yaml}}}")) {
            CheckKind::Kubernetes(check) => *check,
            other => panic!("{other:?}"),
        }
    }

    fn deployment(name: &str, ready: u64) -> Value {
        json!({
            "metadata": {"name": name, "generation": 2, "labels": {"app.kubernetes.io/name": name}},
            "spec": {"replicas": 3, "template": {"spec": {"containers": [
                {"image": "shop:2", "resources": {"limits": {"memory": "64Mi"}}},
                {"image": "sidecar:1"}]}}},
            "status": {"observedGeneration": 2, "readyReplicas": ready, "conditions": [
                {"type": "Available", "status": if ready == 3 {"True"} else {"False"},
                 "reason": "MinimumReplicasUnavailable"}]},
        })
    }

    fn judged(yaml: &str, objects: &[Value]) -> (String, String) {
        match judge_all(&check(yaml), objects.to_vec()).unwrap() {
            Finding::Failed {
                condition,
                observation,
            } => (condition, observation.unwrap().en),
            other => (format!("{other:?}"), String::new()),
        }
    }

    #[test]
    fn the_first_condition_that_leaves_too_few_is_told_with_what_was_seen() {
        let web = deployment("web", 2);
        for (yaml, condition, said) in [
            ("name: web", "Passed", ""),
            (
                "name: web, where: [{path: .spec.replicas, min: 3}]",
                "Passed",
                "",
            ),
            (
                "name: web, where: [{path: .spec.replicas, min: 4, say: more}]",
                "more",
                "`.spec.replicas` of `web` is `3`; at least 4 wanted.",
            ),
            (
                "name: web, where: [{path: '.spec.template.spec.containers[*].image', contains: 'shop:2'}]",
                "Passed",
                "",
            ),
            (
                "name: web, where: [{path: '.spec.template.spec.containers[*].image', contains: 'shop', every: true}]",
                "where",
                "`.spec.template.spec.containers[*].image` of `web` is `shop:2`, `sidecar:1`, which is not as asked.",
            ),
            (
                "name: web, where: [{path: .spec.paused, equals: 'true'}]",
                "where",
                "`web` has no `.spec.paused`.",
            ),
            (
                "name: web, where: [{path: .spec.paused, exists: false}]",
                "Passed",
                "",
            ),
            (
                "name: web, where: [{path: .status.observedGeneration, same_as: .metadata.generation}]",
                "Passed",
                "",
            ),
            (
                "name: web, where: [{path: .status.readyReplicas, same_as: .spec.replicas}]",
                "where",
                "`.status.readyReplicas` of `web` is `2`, which is not as asked. 2 of 3 of `web` are ready.",
            ),
            (
                "name: web, condition: {Available: 'True'}",
                "condition.Available",
                "The condition `Available` of `web` is `False` (MinimumReplicasUnavailable); `True` is wanted. 2 of 3 of `web` are ready.",
            ),
            (
                "name: web, count: {max: 0}",
                "count.max",
                "1 matches the description; none wanted.",
            ),
        ] {
            let resource = format!("resource: deployments, {yaml}");
            let seen = judged(&resource, std::slice::from_ref(&web));
            assert_eq!(seen, (condition.to_owned(), said.to_owned()), "{yaml}");
        }
        assert_eq!(judged("resource: deployments, name: web", &[]).0, "name");
        let none = judged("resource: pods, count: {max: 0}", &[]);
        assert_eq!(none.0, "Passed");
    }

    #[test]
    fn different_values_are_counted_over_all_that_fit() {
        let pod = |node: &str| json!({"metadata": {"name": node}, "spec": {"nodeName": node}});
        let spread = "resource: pods, selector: app=web, count: {min: 3}, \
                      where: [{path: .spec.nodeName, distinct: {min: 2}, say: one-node}]";
        let three = [pod("a"), pod("b"), pod("a")];
        assert_eq!(judged(spread, &three).0, "Passed");
        let heap = [pod("a"), pod("a"), pod("a")];
        assert_eq!(judged(spread, &heap).0, "one-node");
        assert_eq!(judged(spread, &three[..2]).0, "count.min");
    }

    #[test]
    fn a_pod_says_what_its_container_waits_for() {
        let pod = json!({"metadata": {"name": "p"}, "status": {"phase": "Pending",
            "containerStatuses": [{"ready": false, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}});
        let seen = judged(
            "resource: pods, name: p, where: [{path: .status.phase, equals: Running}]",
            &[pod],
        );
        assert!(
            seen.1
                .ends_with("A container of `p` waits: ImagePullBackOff."),
            "{seen:?}"
        );
    }

    #[test]
    fn objects_of_any_shape_are_looked_at_without_harm() {
        let odd = [
            json!(null),
            json!([]),
            json!({"status": {"conditions": {}}}),
            json!(3),
        ];
        let seen = judged(
            "resource: pods, where: [{path: '.a[*].b', min: 1}], condition: {Ready: 'True'}",
            &odd,
        );
        assert_eq!(seen.0, "where");
    }
}

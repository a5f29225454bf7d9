//! What is told of objects that are not as asked.

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

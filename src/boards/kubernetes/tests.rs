#![allow(
    clippy::needless_pass_by_value,
    reason = "made in the call, for this one use"
)]

use serde_json::{Value, json};

use super::*;

fn list(version: &str, items: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({
        "kind": "List", "metadata": {"resourceVersion": version}, "items": items
    }))
    .unwrap()
}

fn line(kind: &str, object: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({"type": kind, "object": object})).unwrap()
}

fn pod(name: &str, status: Value) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "default", "labels": {"pod-template-hash": "5d4f7"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d4f7"}]
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "web", "image": "nginx"}]},
        "status": status
    })
}

fn running(ready: bool) -> Value {
    json!({
        "phase": "Running", "podIP": "10.244.1.4",
        "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
        "containerStatuses": [{"ready": ready, "restartCount": 2, "state": {"running": {}}}]
    })
}

fn drawn(pod: Value) -> Pod {
    let mut cluster = Cluster::default();
    cluster
        .list(Resource::Pods, &list("1", &json!([pod])))
        .unwrap();
    cluster.picture().pods.remove(0)
}

#[test]
fn a_pod_s_word_is_the_one_that_kubectl_shows() {
    let ready = drawn(pod("web-5d4f7-a", running(true)));
    assert_eq!(
        (ready.status.as_str(), ready.health),
        ("Running", PodHealth::Ready)
    );
    assert_eq!((ready.ready, ready.containers, ready.restarts), (1, 1, 2));
    let owner = ready.owner.unwrap();
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str()),
        ("Deployment", "web")
    );

    let unready = drawn(pod("web-5d4f7-a", running(false)));
    assert_eq!(unready.health, PodHealth::Unready);

    let waiting = |reason: &str| {
        json!({"phase": "Pending", "containerStatuses": [
            {"ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason}}}
        ]})
    };
    for (reason, health) in [
        ("ContainerCreating", PodHealth::Waiting),
        ("ErrImageNeverPull", PodHealth::Failing),
        ("CrashLoopBackOff", PodHealth::Failing),
    ] {
        let pod = drawn(pod("web-5d4f7-a", waiting(reason)));
        assert_eq!((pod.status.as_str(), pod.health), (reason, health));
    }
    let pending = drawn(pod("web-5d4f7-a", json!({"phase": "Pending"})));
    assert_eq!(
        (pending.status.as_str(), pending.health),
        ("Pending", PodHealth::Waiting)
    );

    let ended = json!({"phase": "Succeeded", "containerStatuses": [
        {"ready": false, "restartCount": 0, "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}
    ]});
    assert_eq!(drawn(pod("job-x", ended)).health, PodHealth::Done);

    let mut going = pod("web-5d4f7-a", running(true));
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let going = drawn(going);
    assert_eq!(
        (going.status.as_str(), going.health),
        ("Terminating", PodHealth::Ending)
    );
}

#[test]
fn a_watch_changes_what_a_list_told() {
    let mut cluster = Cluster::default();
    let first = pod("web-5d4f7-a", running(true));
    let version = cluster
        .list(Resource::Pods, &list("17", &json!([first])))
        .unwrap();
    assert_eq!(
        Resource::Pods.watch(&version),
        "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=17"
    );
    let second = pod("web-5d4f7-b", running(false));
    let mut say =
        |kind: &str, object: &Value| cluster.line(Resource::Pods, &line(kind, object)).unwrap();
    assert_eq!(say("ADDED", &second), Change::Changed);
    // What is not drawn may change as it likes.
    let mut touched = second.clone();
    touched["metadata"]["resourceVersion"] = json!("19");
    assert_eq!(say("MODIFIED", &touched), Change::None);
    assert_eq!(
        say("MODIFIED", &pod("web-5d4f7-b", running(true))),
        Change::Changed
    );
    assert_eq!(say("DELETED", &first), Change::Changed);
    assert_eq!(say("DELETED", &first), Change::None);
    assert_eq!(say("BOOKMARK", &json!({"metadata": {}})), Change::None);
    assert_eq!(say("ERROR", &json!({"code": 410})), Change::Outdated);
    let names: Vec<_> = cluster.picture().pods.into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["web-5d4f7-b"]);
}

#[test]
fn services_lead_to_the_pods_of_their_endpoints() {
    let mut cluster = Cluster::default();
    let service = json!({
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"type": "NodePort", "clusterIP": "10.96.3.4",
                 "ports": [{"port": 80, "targetPort": "http", "nodePort": 30080}]}
    });
    let endpoints = json!({
        "metadata": {"name": "web", "namespace": "default"},
        "subsets": [{
            "addresses": [{"ip": "10.244.1.4", "targetRef": {"kind": "Pod", "name": "web-5d4f7-a"}}],
            "notReadyAddresses": [{"ip": "10.244.1.5", "targetRef": {"kind": "Pod", "name": "web-5d4f7-b"}}]
        }]
    });
    cluster
        .list(Resource::Services, &list("1", &json!([service])))
        .unwrap();
    cluster
        .list(Resource::Endpoints, &list("1", &json!([endpoints])))
        .unwrap();
    let picture = cluster.picture();
    let [service] = picture.services.as_slice() else {
        panic!("{picture:?}");
    };
    assert_eq!(service.ready, ["web-5d4f7-a"]);
    assert_eq!(service.unready, ["web-5d4f7-b"]);
    assert_eq!(service.ports[0].target, "http");
    assert_eq!(service.ports[0].node_port, Some(30080));
}

#[test]
fn nodes_tell_whether_they_are_ready_and_take_pods() {
    let mut cluster = Cluster::default();
    let node = |name: &str, ready: &str, unschedulable: bool| {
        json!({
            "metadata": {"name": name},
            "spec": {"unschedulable": unschedulable,
                     "taints": [{"key": "disk", "value": "slow", "effect": "NoSchedule"}]},
            "status": {"conditions": [{"type": "Ready", "status": ready}],
                       "nodeInfo": {"kubeletVersion": "v1.20.5"}}
        })
    };
    let items = json!([node("n1", "True", false), node("n2", "Unknown", true)]);
    cluster.list(Resource::Nodes, &list("1", &items)).unwrap();
    let picture = cluster.picture();
    assert_eq!(picture.nodes[0].ready, Some(true));
    assert_eq!(picture.nodes[0].taints, ["disk=slow:NoSchedule"]);
    assert_eq!(
        (picture.nodes[1].ready, picture.nodes[1].schedulable),
        (None, false)
    );
}

#[test]
fn the_cluster_s_own_namespaces_are_left_out() {
    let mut cluster = Cluster::default();
    let mut own = pod("coredns", running(true));
    own["metadata"]["namespace"] = json!("kube-system");
    cluster
        .list(Resource::Pods, &list("1", &json!([own])))
        .unwrap();
    assert!(cluster.picture().pods.is_empty());
}

#[test]
fn only_the_latest_events_are_shown_and_kept() {
    let mut cluster = Cluster::default();
    for n in 0..1000 {
        let event = json!({
            "metadata": {"name": format!("e{n}"), "namespace": "default"},
            "involvedObject": {"kind": "Pod", "name": "web"}, "reason": "Pulled",
            "message": format!("{n}"), "type": "Normal", "count": 1,
            "lastTimestamp": format!("2026-01-01T00:{:02}:{:02}Z", n / 60, n % 60)
        });
        cluster
            .line(Resource::Events, &line("ADDED", &event))
            .unwrap();
    }
    assert!(cluster.kept.len() <= MAX_KEPT);
    let picture = cluster.picture();
    assert_eq!(picture.events.len(), MAX_EVENTS);
    assert_eq!(picture.events[0].message, "999");
    assert_eq!(picture.events[0].object, "pod/web");
}

#[test]
fn a_version_can_not_become_another_question() {
    let mut cluster = Cluster::default();
    let version = cluster
        .list(Resource::Pods, &list("1&watch=0", &json!([])))
        .unwrap();
    assert_eq!(version, "0");
}

#[test]
fn a_flood_of_pods_is_cut_and_counted() {
    let mut cluster = Cluster::default();
    for n in 0..2000 {
        let pod = pod(&format!("p{n:04}"), running(true));
        cluster.line(Resource::Pods, &line("ADDED", &pod)).unwrap();
    }
    let picture = cluster.picture();
    assert_eq!(picture.pods.len(), MAX_PODS);
    assert_eq!(picture.more.pods, MAX_KEPT - MAX_PODS);
}

use super::*;

fn recorded() -> Parts {
    let mut parts = Parts::default();
    parts
        .containers(include_bytes!("fixtures/containers.json"))
        .unwrap();
    parts
        .networks(include_bytes!("fixtures/networks.json"))
        .unwrap();
    parts
        .images(include_bytes!("fixtures/images.json"))
        .unwrap();
    parts
        .volumes(include_bytes!("fixtures/volumes.json"))
        .unwrap();
    parts
}

#[test]
fn an_engine_s_answers_become_a_picture() {
    insta::assert_json_snapshot!(recorded().picture());
}

#[test]
fn exit_codes_and_health_are_read_from_the_status() {
    for (status, code, healthy) in [
        ("Exited (137) 3 minutes ago", Some(137), None),
        ("Exited (0) Less than a second ago", Some(0), None),
        ("Restarting (1) 2 seconds ago", Some(1), None),
        ("Up 3 minutes", None, None),
        ("Up 3 minutes (healthy)", None, Some(Health::Healthy)),
        (
            "Up 2 seconds (health: starting)",
            None,
            Some(Health::Starting),
        ),
        ("Up 2 minutes (Paused)", None, None),
        ("Created", None, None),
        ("", None, None),
    ] {
        assert_eq!(exit_code(status), code, "{status}");
        assert_eq!(health(status), healthy, "{status}");
    }
}

#[test]
fn events_tell_what_to_ask_again() {
    let after = |line: &str| {
        let mut stale = Stale::default();
        stale.note(line.as_bytes());
        stale
    };
    let idle = after(r#"{"Type":"container","Action":"exec_start: /bin/sh -c true"}"#);
    assert!(!idle.any());
    let started = after(r#"{"Type":"container","Action":"start","Actor":{}}"#);
    assert!(started.containers && !started.images && !started.volumes);
    let created = after(r#"{"Type":"container","Action":"create"}"#);
    assert!(created.containers && created.volumes);
    let tagged = after(r#"{"Type":"image","Action":"tag"}"#);
    assert!(tagged.images && !tagged.networks);
    let connected = after(r#"{"Type":"network","Action":"connect"}"#);
    assert!(connected.networks && connected.containers);
    assert_eq!(after("nonsense"), Stale::ALL);
}

#[test]
fn the_newest_of_very_many_containers_are_shown() {
    let all: Vec<_> = (0..500)
        .map(|n| {
            serde_json::json!({
                "Id": format!("{n:064x}"), "Names": [format!("/c{n}")], "Image": "x",
                "ImageID": "sha256:00", "Created": 1000 + n, "State": "running", "Status": "Up"
            })
        })
        .collect();
    let mut parts = Parts::default();
    parts
        .containers(&serde_json::to_vec(&all).unwrap())
        .unwrap();
    let picture = parts.picture();
    assert_eq!(picture.containers.len(), MAX_CONTAINERS);
    assert_eq!(picture.more.containers, 500 - MAX_CONTAINERS);
    assert_eq!(picture.containers.last().unwrap().name, "c499");
}

#[test]
fn hostile_answers_are_refused_or_cut() {
    let mut parts = Parts::default();
    for nonsense in [&b"{}"[..], b"null", b"[1]", b""] {
        assert!(parts.containers(nonsense).is_err());
    }
    let long = "x".repeat(100_000);
    let one = serde_json::json!([{
        "Id": long, "Names": [format!("/{long}")], "Image": long, "State": "sleeping",
        "Status": long, "NetworkSettings": {"Networks": {long.clone(): {"IPAddress": long}}}
    }]);
    parts
        .containers(&serde_json::to_vec(&one).unwrap())
        .unwrap();
    let drawn = serde_json::to_vec(&parts.picture()).unwrap();
    assert!(drawn.len() < 2_000, "{}", drawn.len());
    assert_eq!(parts.picture().containers[0].state, State::Unknown);
}

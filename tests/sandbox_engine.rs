//! The engine behind the trait, against a real one: `DOCKER_HOST` or the default socket.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod sandbox_support;

use std::{collections::HashMap, time::Duration};

use bollard::{
    Docker,
    models::ContainerCreateBody,
    query_parameters::{
        CreateContainerOptions, InspectContainerOptions, ListContainersOptionsBuilder,
        RemoveContainerOptionsBuilder,
    },
};
use sandbox_support::{Agent, Running, engine, engine_at, grader, image, machine, sandbox, slug};
use slipway::{
    domain::{ids::SandboxId, lab::Profile},
    sandbox::{Engine, EngineError, MachineState, docker::Timeouts},
};
use tokio::{io::AsyncReadExt, net::UnixListener};

fn docker() -> Docker {
    Docker::connect_with_defaults().unwrap()
}

async fn containers_of(id: SandboxId) -> usize {
    let filters = HashMap::from([("label", vec![format!("io.slipway.sandbox={id}")])]);
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    docker().list_containers(Some(options)).await.unwrap().len()
}

#[tokio::test]
async fn a_sandbox_is_made_reached_and_removed() {
    let mut spec = sandbox(vec![
        machine("desk", Profile::Plain).await,
        machine("server", Profile::Plain).await,
    ]);
    spec.grader = Some(grader().await);
    let running = Running::start(spec).await;
    let id = running.spec.id;
    let observed = running.engine.observe().await.unwrap();
    assert_eq!(observed.len(), 1);
    assert_eq!(observed[0].id, id);
    let owner = running.spec.owner.clone().unwrap();
    assert_eq!(observed[0].owner, Some(owner.user));
    assert_eq!(observed[0].deadline, Some(owner.deadline));
    let names: Vec<_> = observed[0]
        .machines
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    assert_eq!(names, ["desk", "grader", "server"]);
    let states: Vec<_> = observed[0].machines.iter().map(|m| m.state).collect();
    assert_eq!(states, [MachineState::Running; 3]);

    let desk = running.agent("desk").await;
    assert_eq!(desk.learner("hostname; id -u").await.ok(), "desk\n1000");
    // Machines know each other by name; nobody knows the grader.
    let found = desk
        .learner("getent hosts server | wc -l; ping -c1 -W2 server >/dev/null; echo $?")
        .await;
    assert!(found.ok().starts_with('1'));
    let stats = running.engine.stats(id).await.unwrap();
    assert_eq!(stats.len(), 3);
    assert!(stats.iter().all(|s| s.memory_bytes > 0 && s.pids > 0));

    running.engine.remove(id).await.unwrap();
    assert!(running.engine.observe().await.unwrap().is_empty());
    assert_eq!(containers_of(id).await, 0);
    // Once more is fine.
    running.engine.remove(id).await.unwrap();
    let gone = running.engine.connect(id, &slug("desk")).await.unwrap_err();
    assert!(matches!(gone, EngineError::NotRunning(_)), "{gone}");
}

#[tokio::test]
async fn making_a_sandbox_twice_at_once_gives_one() {
    let spec = sandbox(vec![machine("desk", Profile::Plain).await]);
    let engine = engine();
    let (one, two) = tokio::join!(engine.create(&spec), engine.create(&spec));
    let running = Running { engine, spec };
    one.unwrap();
    two.unwrap();
    assert_eq!(containers_of(running.spec.id).await, 1);
    let desk = running.agent("desk").await;
    desk.learner("touch here").await.ok();
    // And once more: what the learner did is still there.
    running.engine.create(&running.spec).await.unwrap();
    desk.learner("ls here").await.ok();
}

#[tokio::test]
async fn what_is_left_of_a_failed_attempt_is_replaced() {
    let running = Running::start(sandbox(vec![
        machine("desk", Profile::Plain).await,
        machine("server", Profile::Plain).await,
    ]))
    .await;
    let id = running.spec.id;
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    docker()
        .remove_container(&format!("slipway-{id}-g0-server"), Some(options))
        .await
        .unwrap();
    running.engine.create(&running.spec).await.unwrap();
    assert_eq!(containers_of(id).await, 2);
    running.agent("server").await.learner("true").await.ok();
}

#[tokio::test]
async fn a_missing_image_is_named_and_nothing_is_left_behind() {
    let good = machine("desk", Profile::Plain).await;
    let mut bad = machine("server", Profile::Plain).await;
    bad.image = "slipway/no-such-image:000000000000".to_owned();
    let spec = sandbox(vec![good, bad]);
    let engine = engine();
    let error = engine.create(&spec).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::ImageMissing(name) if name.contains("no-such-image")),
        "{error}"
    );
    assert!(engine.observe().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reset_keeps_the_home_where_asked_and_nothing_else() {
    let mut desk = machine("desk", Profile::Plain).await;
    desk.keep_home = true;
    let server = machine("server", Profile::Plain).await;
    let mut running = Running::start(sandbox(vec![desk, server])).await;
    for name in ["desk", "server"] {
        let agent = running.agent(name).await;
        agent
            .learner("echo mine >~/kept; echo x >/tmp/gone")
            .await
            .ok();
    }
    running.spec.generation = 1;
    running.engine.create(&running.spec).await.unwrap();
    let observed = running.engine.observe().await.unwrap();
    assert_eq!(observed[0].generation, 1);
    assert!(observed[0].machines.iter().all(|m| m.generation == 1));
    let desk = running.agent("desk").await;
    assert_eq!(desk.learner("cat ~/kept").await.ok(), "mine");
    desk.learner("test ! -e /tmp/gone").await.ok();
    let server = running.agent("server").await;
    server.learner("test ! -e ~/kept").await.ok();
}

#[tokio::test]
async fn a_paused_sandbox_stands_still_and_goes_on() {
    let running = Running::one(Profile::Plain).await;
    let id = running.spec.id;
    running.engine.pause(id).await.unwrap();
    running.engine.pause(id).await.unwrap();
    let state = running.engine.observe().await.unwrap()[0].machines[0].state;
    assert_eq!(state, MachineState::Paused);
    let refused = running.engine.connect(id, &slug("desk")).await.unwrap_err();
    assert!(matches!(refused, EngineError::NotRunning(_)), "{refused}");
    running.engine.unpause(id).await.unwrap();
    running.agent("desk").await.learner("true").await.ok();
}

#[tokio::test]
async fn containers_of_others_are_neither_seen_nor_touched() {
    let image = image("base").await;
    let id = SandboxId::generate();
    // Somebody else's: without labels, of another installation, and with a label that only looks like ours.
    let sets = [
        HashMap::new(),
        HashMap::from([
            ("io.slipway.instance".to_owned(), "another".to_owned()),
            ("io.slipway.sandbox".to_owned(), id.to_string()),
            ("io.slipway.machine".to_owned(), "desk".to_owned()),
            ("io.slipway.generation".to_owned(), "0".to_owned()),
        ]),
        HashMap::from([("io.slipway.sandbox".to_owned(), id.to_string())]),
    ];
    let mut foreign = Vec::new();
    for labels in sets {
        let body = ContainerCreateBody {
            image: Some(image.clone()),
            labels: Some(labels),
            ..ContainerCreateBody::default()
        };
        let made = docker()
            .create_container(None::<CreateContainerOptions>, body)
            .await
            .unwrap();
        foreign.push(made.id);
    }
    let engine = engine();
    let seen = engine.observe().await;
    let removed = engine.remove(id).await;
    let mut left = 0;
    for container in foreign {
        let options = None::<InspectContainerOptions>;
        left += usize::from(
            docker()
                .inspect_container(&container, options)
                .await
                .is_ok(),
        );
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        docker()
            .remove_container(&container, Some(options))
            .await
            .unwrap();
    }
    assert!(seen.unwrap().is_empty());
    removed.unwrap();
    assert_eq!(left, 3);
}

#[tokio::test]
async fn two_installations_on_one_engine_leave_each_other_alone() {
    let one = Running::one(Profile::Plain).await;
    let two = Running::one(Profile::Plain).await;
    assert_eq!(one.engine.observe().await.unwrap().len(), 1);
    two.engine.remove(one.spec.id).await.unwrap();
    one.agent("desk").await.learner("true").await.ok();
}

#[tokio::test]
async fn a_large_amount_passes_through_the_agent_s_stream_unchanged() {
    let running = Running::one(Profile::Plain).await;
    let desk = running.agent("desk").await;
    let sum = desk
        .learner("head -c 4000000 /dev/urandom >big; sha256sum <big")
        .await
        .ok();
    let path = slipway_agent::protocol::RelPath::new("big").unwrap();
    let file = desk.client.read_file(&path, 4_000_000).await.unwrap();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&file.bytes);
    assert!(sum.starts_with(&format!("{digest:x}")));
}

fn hasty() -> Timeouts {
    let short = Duration::from_millis(200);
    Timeouts {
        question: short,
        create: short,
        upload: short,
        start: short,
        remove: short,
        connect: short,
    }
}

/// An engine that takes every request and never answers.
#[tokio::test]
async fn an_engine_that_hangs_gives_a_time_out_and_not_a_hang() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let _hanging = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
            held.push(stream);
        }
    }));
    let engine = engine_at(Some(format!("unix://{}", socket.display())), hasty());
    let spec = sandbox(vec![]);
    let errors = [
        engine.info().await.unwrap_err(),
        engine.observe().await.unwrap_err(),
        engine
            .create(&sandbox(vec![machine_stub()]))
            .await
            .unwrap_err(),
        engine.remove(spec.id).await.unwrap_err(),
        engine.pause(spec.id).await.unwrap_err(),
        engine.connect(spec.id, &slug("desk")).await.unwrap_err(),
        engine.stats(spec.id).await.unwrap_err(),
        engine.image_present("x").await.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(error, EngineError::EngineTimeout { .. }),
            "{error}"
        );
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn no_engine_at_all_is_said_as_such() {
    let engine = engine_at(Some("unix:///nowhere/engine.sock".to_owned()), hasty());
    let error = engine.observe().await.unwrap_err();
    assert!(
        matches!(error, EngineError::EngineUnreachable(_)),
        "{error}"
    );
    let engine = engine_at(Some("tcp://127.0.0.1:1".to_owned()), hasty());
    let error = engine.observe().await.unwrap_err();
    assert!(
        matches!(error, EngineError::EngineUnreachable(_)),
        "{error}"
    );
}

fn machine_stub() -> slipway::sandbox::MachineSpec {
    slipway::sandbox::MachineSpec {
        name: slug("desk"),
        image: "x".to_owned(),
        profile: Profile::Plain,
        memory: slipway::domain::quantity::ByteSize::mib(64),
        cpus: 1.0,
        disk: slipway::domain::quantity::ByteSize::mib(16),
        env: std::collections::BTreeMap::new(),
        service_env: std::collections::BTreeMap::new(),
        keep_home: false,
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_the_connection_and_not_the_machine() {
    let running = Running::one(Profile::Plain).await;
    drop(running.agent("desk").await);
    let again = Agent::connect(&running.engine, running.spec.id, "desk").await;
    // The program of the first connection ends; that of this one is there.
    let script = "for i in $(seq 100); do n=$(grep -al '^/.slipway/agent.connect' /proc/[0-9]*/cmdline | wc -l); \
        [ $n = 1 ] && exit 0; sleep 0.1; done; exit 1";
    again.root(script).await.ok();
}

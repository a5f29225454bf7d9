//! Forged objects at a real RabbitMQ broker, where the learner may declare anything: what looks
//! right and loses or misleads messages earns nothing; the honest try beside it does.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

#[path = "grading/fake.rs"]
mod fake;
#[path = "grading/real.rs"]
mod real;
mod sandbox_support;

use std::collections::BTreeMap;

use fake::check;
use real::{Real, SECRET};
use sandbox_support::{Running, grader, image, machine, sandbox};
use slipway::{
    domain::{lab::Profile, quantity::ByteSize, submission::CheckResult},
    sandbox::MachineSpec,
};

const LAB: &str = "machines:\n  - {name: broker, image: rabbitmq, profile: plain}\n";

/// What is written down of the broker's objects.
const LOOKS: [&str; 3] = [
    "queue: {exchange: {name: events, type: topic, durable: true}}",
    "queue: {bindings: [{from: events, to: orders, key: 'order.*'}]}",
    "queue: {name: orders, durable: true, arguments: {x-dead-letter-exchange: dead}}",
];
const ROUTES: &str =
    "queue: {probe: {exchange: events, key: order.created, reaches: [orders], misses: [audit]}}";
const REJECTED: &str =
    "queue: {probe: {exchange: '', key: orders, rejected_by: [orders], reaches: [orders, lost]}}";

/// `put` and `drop` through the management pages, as the learner.
const TOOLS: &str = r#"
api=http://127.0.0.1:15672/api
ask() { curl -fsS --noproxy '*' -u learner:learner -H 'content-type: application/json' "$@"; }
put() { ask -X PUT "$api/$1" -d "$2"; }
bind() { ask -X POST "$api/bindings/%2F/e/$1/q/$2" -d "{\"routing_key\": \"$3\"}"; }
unbind() { ask -X DELETE "$api/bindings/%2F/e/$1/q/$2/$3"; }
drop() { ask -X DELETE "$api/$1"; }
"#;

const HONEST: &str = r#"
put exchanges/%2F/events '{"type": "topic", "durable": true}' &&
put exchanges/%2F/dead '{"type": "fanout", "durable": true}' &&
put queues/%2F/orders '{"durable": true, "arguments": {"x-dead-letter-exchange": "dead"}}' &&
put queues/%2F/audit '{"durable": true}' && put queues/%2F/lost '{"durable": true}' &&
bind events orders 'order.*' && bind events audit 'audit.*' && bind dead lost ''
"#;

/// What a learner might do so that everything still looks right, how it is undone, and which checks
/// notice.
const FORGED: [(&str, &str, &[&str]); 4] = [
    (
        "put policies/%2F/short '{\"pattern\": \"^orders$\", \"definition\": {\"max-length\": 0}}'",
        "drop policies/%2F/short",
        &[ROUTES, REJECTED],
    ),
    (
        "put policies/%2F/brief '{\"pattern\": \"^orders$\", \"definition\": {\"message-ttl\": 0}}'",
        "drop policies/%2F/brief",
        &[ROUTES, REJECTED],
    ),
    (
        "bind events audit '#'",
        "unbind events audit '%23'",
        &[ROUTES],
    ),
    ("unbind dead lost '~'", "bind dead lost ''", &[REJECTED]),
];

async fn broker() -> Running {
    let broker = MachineSpec {
        image: image("rabbitmq").await,
        memory: ByteSize::mib(512),
        service_env: BTreeMap::from([("SLIPWAY_GRADER_SECRET".to_owned(), SECRET.to_owned())]),
        ..machine("broker", Profile::Plain).await
    };
    let mut spec = sandbox(vec![broker]);
    spec.grader = Some(grader().await);
    let running = Running::start(spec).await;
    running.agent("broker").await.becomes_ready().await;
    running
}

#[tokio::test]
async fn a_learner_who_owns_the_broker_earns_nothing_by_forging() {
    let running = broker().await;
    let agent = running.agent("broker").await;
    let real = Real::new(&running, LAB, &[]);
    let look = async |kind: &str| -> CheckResult {
        let kind = kind.replace("queue: {", "queue: {machine: broker, ");
        real.look(&check(
            "looks",
            &format!("timeout: 30s\nretries: 1\n{kind}"),
        ))
        .await
    };
    let learner = async |script: &str| agent.learner(&format!("{TOOLS}{script}")).await.ok();

    learner(HONEST).await;
    for honest in LOOKS.iter().chain(&[ROUTES, REJECTED]) {
        let result = look(honest).await;
        assert_eq!(result.points, 10, "{honest}: {result:?}");
    }

    for (forge, undo, noticed_by) in FORGED {
        learner(forge).await;
        for looks in LOOKS {
            let result = look(looks).await;
            assert_eq!(result.points, 10, "{forge}, {looks}: {result:?}");
        }
        for behaves in [ROUTES, REJECTED] {
            let result = look(behaves).await;
            let points = if noticed_by.contains(&behaves) { 0 } else { 10 };
            assert_eq!(result.points, points, "{forge}, {behaves}: {result:?}");
        }
        learner(undo).await;
    }

    // --- nor does shutting the grader out, which is not the learner's to do
    agent
        .learner(&format!("{TOOLS}drop users/grader"))
        .await
        .refused();
    for honest in [ROUTES, REJECTED] {
        let result = look(honest).await;
        assert_eq!(result.points, 10, "{honest}: {result:?}");
    }
}

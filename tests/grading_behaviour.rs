//! Checks of brokers and clusters against servers that do as they are told: forged objects that
//! look right and behave wrongly earn nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "grading/fake.rs"]
mod fake;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use fake::{Bench, Fake, Sandbox, Server, check, exited, response};
use serde_json::{Value, json};
use slipway::{
    domain::submission::{CheckResult, Outcome},
    grading::{Sampling, run_check},
};
use tokio::io::AsyncWriteExt as _;

async fn looked(sandbox: &Sandbox, kind: &str) -> CheckResult {
    let bench = Bench::default();
    let check = check("looks", kind);
    run_check(&bench.context(sandbox), &check, Sampling::Once).await
}

/// A RabbitMQ that routes like one: the objects of a learner, and those that are declared.
#[derive(Default)]
struct Broker {
    exchanges: BTreeMap<String, Value>,
    queues: BTreeMap<String, Value>,
    bindings: Vec<(String, String, String)>,
    messages: BTreeMap<String, Vec<String>>,
    published_to: Vec<String>,
}

impl Broker {
    fn learner_s(exchange_type: &str, keys: &[(&str, &str)]) -> Self {
        let mut broker = Self::default();
        broker.exchanges.insert(
            "events".into(),
            json!({"name": "events", "type": exchange_type, "durable": true, "arguments": {}}),
        );
        for (key, queue) in keys {
            broker.queues.insert(
                (*queue).into(),
                json!({"name": queue, "durable": true, "arguments": {}}),
            );
            broker
                .bindings
                .push(("events".into(), (*queue).into(), (*key).into()));
        }
        broker
    }

    fn route(&mut self, exchange: &str, key: &str, payload: &str) {
        self.published_to.push(exchange.to_owned());
        let kind = self.exchanges[exchange]["type"]
            .as_str()
            .unwrap()
            .to_owned();
        for (from, to, pattern) in &self.bindings {
            let fits = match kind.as_str() {
                "fanout" => true,
                "topic" => topic_fits(pattern, key),
                _ => pattern == key,
            };
            if from == exchange && fits {
                let queue = self.messages.entry(to.clone()).or_default();
                queue.push(payload.to_owned());
            }
        }
    }

    fn answer(&mut self, head: &str) -> (u16, Value) {
        let (line, rest) = head.split_once("\r\n").unwrap();
        let body: Value = rest
            .split_once("\r\n\r\n")
            .and_then(|(_, body)| serde_json::from_str(body).ok())
            .unwrap_or(Value::Null);
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let parts: Vec<&str> = path.trim_start_matches("/api/").split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["exchanges", "%2F"]) => (200, self.exchanges.values().cloned().collect()),
            ("GET", ["queues", "%2F"]) => (200, self.queues.values().cloned().collect()),
            ("GET", ["bindings", "%2F"]) => {
                let bindings = self.bindings.iter().map(|(from, to, key)| {
                    json!({"source": from, "destination": to, "destination_type": "queue",
                           "routing_key": key, "arguments": {}})
                });
                (200, bindings.collect())
            }
            ("GET", ["exchanges", _, name]) => match self.exchanges.get(*name) {
                Some(exchange) => (200, exchange.clone()),
                None => (404, Value::Null),
            },
            ("PUT", ["exchanges", _, name]) => {
                let mut exchange = body;
                exchange["name"] = (*name).into();
                self.exchanges.insert((*name).into(), exchange);
                (201, Value::Null)
            }
            ("PUT", ["queues", _, name]) => {
                let mut queue = body;
                queue["name"] = (*name).into();
                self.queues.insert((*name).into(), queue);
                (201, Value::Null)
            }
            ("POST", ["bindings", _, "e", from, "q", to]) => {
                let key = body["routing_key"].as_str().unwrap().to_owned();
                self.bindings.push(((*from).into(), (*to).into(), key));
                (201, Value::Null)
            }
            ("POST", ["exchanges", _, name, "publish"]) => {
                let (key, payload) = (&body["routing_key"], &body["payload"]);
                self.route(name, key.as_str().unwrap(), payload.as_str().unwrap());
                (200, json!({"routed": true}))
            }
            ("POST", ["queues", _, name, "get"]) => {
                let held = self.messages.get(*name).cloned().unwrap_or_default();
                let held = held.iter().map(|payload| json!({"payload": payload}));
                (200, held.collect())
            }
            ("DELETE", ["exchanges", _, name]) => {
                self.exchanges.remove(*name);
                (204, Value::Null)
            }
            ("DELETE", ["queues", _, name]) => {
                self.queues.remove(*name);
                self.bindings.retain(|(_, to, _)| to != name);
                self.messages.remove(*name);
                (204, Value::Null)
            }
            other => panic!("{other:?}"),
        }
    }
}

fn topic_fits(pattern: &str, key: &str) -> bool {
    let (pattern, key): (Vec<&str>, Vec<&str>) =
        (pattern.split('.').collect(), key.split('.').collect());
    match pattern.iter().position(|part| *part == "#") {
        Some(at) => pattern[..at] == key[..at.min(key.len())],
        None => {
            pattern.len() == key.len() && pattern.iter().zip(&key).all(|(p, k)| *p == "*" || p == k)
        }
    }
}

async fn serve(broker: Broker) -> (Sandbox, Arc<Mutex<Broker>>, Server) {
    let broker = Arc::new(Mutex::new(broker));
    let asked = Arc::clone(&broker);
    let server = Server::answering(move |_, head| {
        let (status, body) = asked.lock().unwrap().answer(head);
        response(status, &body.to_string())
    })
    .await;
    let sandbox = Sandbox::desk(Fake::default()).route("broker:15672", server.address);
    (sandbox, broker, server)
}

const ROUTES: &str = "queue: {machine: broker, exchange: {name: events}, \
    probe: {exchange: events, key: order.created, reaches: [orders], misses: [audit]}}";

#[tokio::test]
async fn a_message_is_seen_to_go_where_it_should_and_leaves_no_trace() {
    let keys = [("order.*", "orders"), ("user.*", "audit")];
    let (sandbox, broker, _server) = serve(Broker::learner_s("topic", &keys)).await;
    let result = looked(&sandbox, ROUTES).await;
    assert_eq!(result.outcome, Outcome::Passed, "{result:?}");
    let broker = broker.lock().unwrap();
    assert_eq!(broker.exchanges.len(), 1);
    assert_eq!(broker.queues.len(), 2);
    assert_eq!(broker.bindings.len(), 2);
    assert!(broker.messages.is_empty());
    // Nothing was ever published to the learner's own exchange.
    assert_eq!(broker.published_to.len(), 1);
    assert!(broker.published_to[0].starts_with("slipway-probe-"));
}

#[tokio::test]
async fn objects_that_look_right_and_route_wrongly_earn_nothing() {
    // A binding with a pattern, at an exchange that knows no patterns.
    let keys = [("order.*", "orders"), ("user.*", "audit")];
    let (sandbox, _, _server) = serve(Broker::learner_s("direct", &keys)).await;
    let result = looked(&sandbox, ROUTES).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert_eq!(result.points, 0);
    assert_eq!(
        result.message.unwrap().en,
        "Not yet. A message sent to the exchange `events` with the routing key `order.created` \
         did not reach the queue `orders`."
    );
    // Everything goes everywhere.
    let (sandbox, _, _server) = serve(Broker::learner_s("fanout", &keys)).await;
    let result = looked(&sandbox, ROUTES).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(
        result
            .message
            .unwrap()
            .en
            .contains("came to the queue `audit` too")
    );
    // No such queue at all.
    let (sandbox, _, _server) = serve(Broker::learner_s("topic", &keys[1..])).await;
    let result = looked(&sandbox, ROUTES).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
}

#[tokio::test]
async fn a_redis_stream_is_asked_in_its_own_words_as_the_grader() {
    let asked = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&asked);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let mut filled = 0;
            while !String::from_utf8_lossy(&request[..filled]).contains("GROUPS") {
                use tokio::io::AsyncReadExt as _;
                filled += stream.read(&mut request[filled..]).await.unwrap();
            }
            *seen.lock().unwrap() = String::from_utf8_lossy(&request[..filled]).into_owned();
            let answers = b"+OK\r\n:1\r\n:3\r\n*1\r\n*6\r\n$4\r\nname\r\n$7\r\nbilling\r\n$7\r\npending\r\n:2\r\n$3\r\nlag\r\n:0\r\n";
            stream.write_all(answers).await.unwrap();
        }
    });
    let sandbox = Sandbox::desk(Fake::default()).route("broker:6379", address);
    let kind = |rest: &str| {
        format!("queue: {{machine: broker, broker: redis, name: orders, group: billing, {rest}}}")
    };
    let result = looked(&sandbox, &kind("length: {min: 3}, lag: {max: 0}")).await;
    assert_eq!(result.outcome, Outcome::Passed, "{result:?}");
    let result = looked(&sandbox, &kind("pending: {max: 0}")).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert_eq!(
        result.message.unwrap().en,
        "Not yet. Stream `orders`: 2 messages are delivered to the group but not acknowledged; \
         none wanted."
    );
    let asked = asked.lock().unwrap().clone();
    assert!(
        asked.starts_with("*3\r\n$4\r\nAUTH\r\n$6\r\ngrader\r\n$21\r\ns3cret-of-the-sandbox\r\n"),
        "{asked}"
    );
    assert!(!result.evidence.contains("s3cret"), "{}", result.evidence);
    server.abort();
}

#[tokio::test]
async fn a_jetstream_consumer_is_read_from_the_monitoring_port() {
    let server = Server::answering(|_, head| {
        assert!(head.starts_with("GET /jsz?"), "{head}");
        response(
            200,
            r#"{"account_details":[{"stream_detail":[{"name":"ORDERS","state":{"messages":5},
                "consumer_detail":[{"name":"billing","num_pending":2}]}]}]}"#,
        )
    })
    .await;
    let sandbox = Sandbox::desk(Fake::default()).route("broker:8222", server.address);
    let kind = "queue: {machine: broker, broker: nats, name: ORDERS, consumer: billing, pending: {max: 0}}";
    let result = looked(&sandbox, kind).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    let silent = Sandbox::desk(Fake::default());
    assert_eq!(looked(&silent, kind).await.outcome, Outcome::Ungradable);
}

// ---- the cluster ----

const API: &str = "/run/slipway-kubernetes/api.sock";

/// A deployment of which so many pods are said to be ready, each of which runs on `node1` where
/// `run` says so.
async fn cluster(ready: u64, run: bool) -> (Sandbox, Server) {
    let condition = json!([{"type": "Ready", "status": "True"}]);
    let containers = json!([{"name": "main"}]);
    let pods = (0..ready).map(|n| {
        json!({"metadata": {"uid": format!("pod-{n}"), "namespace": "shop", "labels": {"app": "web"}},
            "spec": {"nodeName": "node1", "containers": containers.clone()},
            "status": {"phase": "Running", "conditions": condition.clone()}})
    });
    let pods: Vec<Value> = pods.collect();
    let server = Server::answering(move |_, head| {
        let path = head.split(' ').nth(1).unwrap();
        let body = match path {
            "/apis/apps" => {
                json!({"versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}})
            }
            "/apis/apps/v1" => json!({"resources": [{"name": "deployments", "namespaced": true}]}),
            "/api/v1" => json!({"resources": [{"name": "nodes", "namespaced": false}]}),
            "/apis/apps/v1/namespaces/shop/deployments/web" => json!({
                "metadata": {"name": "web", "namespace": "shop"},
                "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}},
                "status": {"readyReplicas": ready}}),
            "/api/v1/namespaces/shop/pods?limit=500" => json!({"items": pods}),
            "/api/v1/nodes/node1/proxy/runningpods/" if run => json!({"items": pods}),
            "/api/v1/nodes/node1/proxy/runningpods/" | "/api/v1/nodes/node2/proxy/runningpods/" => {
                json!({"items": null})
            }
            "/api/v1/nodes?limit=500&labelSelector=role%3Dworker" => json!({"items": [
                {"metadata": {"name": "node1"}, "status": {"conditions": condition}},
                {"metadata": {"name": "node2"}, "status": {"conditions": condition}}]}),
            _ => return response(404, "{}"),
        };
        response(200, &body.to_string())
    })
    .await;
    let dials = [(API.to_owned(), server.address)].into();
    let sandbox = Sandbox::desk(Fake {
        dials,
        ..Fake::default()
    });
    (sandbox, server)
}

#[tokio::test]
async fn objects_of_the_cluster_are_found_by_name_and_by_labels() {
    let (sandbox, _server) = cluster(2, true).await;
    for (kind, outcome) in [
        (
            "resource: deployments, namespace: shop, name: web",
            Outcome::Passed,
        ),
        ("resource: deployments, name: web", Outcome::Failed),
        (
            "resource: nodes, selector: role=worker, count: {min: 2, max: 2}",
            Outcome::Passed,
        ),
        (
            "resource: nodes, selector: role=worker, count: {min: 3}",
            Outcome::Failed,
        ),
        (
            "resource: widgets.example.org, count: {max: 0}",
            Outcome::Passed,
        ),
        ("resource: widgets.example.org", Outcome::Failed),
    ] {
        let result = looked(&sandbox, &format!("kubernetes: {{{kind}}}")).await;
        assert_eq!(result.outcome, outcome, "{kind}: {result:?}");
    }
    let kind = "kubernetes: {resource: deployments, namespace: shop, name: web, \
                where: [{path: .status.readyReplicas, same_as: .spec.replicas}]}";
    let result = looked(&sandbox, kind).await;
    assert_eq!(
        result.message.unwrap().zh,
        "还没做。`web` 的 `.status.readyReplicas` 是 `2`，不符合要求。`web`：共 3 个，就绪 2 个。"
    );
    let (sandbox, _server) = cluster(3, true).await;
    assert_eq!(looked(&sandbox, kind).await.outcome, Outcome::Passed);

    // The same words, and nothing runs.
    let (sandbox, _server) = cluster(3, false).await;
    let result = looked(&sandbox, kind).await;
    assert_eq!(result.points, 0, "{result:?}");
    assert_eq!(
        result.message.unwrap().en,
        "Not yet. What `web` says of itself is not what the nodes run."
    );
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_is_no_observation() {
    let sandbox = Sandbox::desk(Fake::default());
    let kind = "timeout: 1s\nkubernetes: {resource: pods, count: {max: 0}}";
    assert_eq!(looked(&sandbox, kind).await.outcome, Outcome::Ungradable);
    for answer in [response(500, "{}"), response(200, "[]"), b"no".to_vec()] {
        let server = Server::answering(move |_, _| answer.clone()).await;
        let dials = [(API.to_owned(), server.address)].into();
        let sandbox = Sandbox::desk(Fake {
            dials,
            ..Fake::default()
        });
        assert_eq!(looked(&sandbox, kind).await.outcome, Outcome::Ungradable);
    }
}

// ---- shares of a load ----

#[tokio::test]
async fn a_load_that_is_shared_shows_as_different_answers() {
    for (servers, outcome) in [(2, Outcome::Passed), (1, Outcome::Failed)] {
        let server = Server::answering(move |n, _| {
            let name = n % servers;
            response(200, &format!("request {n} served by web-{name}"))
        })
        .await;
        let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
        let kind = "http: {port: 8080, repeat: {times: 10, pick: 'web-[0-9]', distinct: {min: 2}, each: {min: 3}}}";
        let result = looked(&sandbox, kind).await;
        assert_eq!(result.outcome, outcome, "{result:?}");
        if outcome == Outcome::Failed {
            let said = result.message.unwrap().en;
            assert!(said.ends_with("10 requests got 1 different answer; at least 2 wanted."));
        }
    }
}

// ---- the nested engine ----

async fn engine() -> (Sandbox, Server) {
    let server = Server::answering(|_, head| {
        let path = head.split(' ').nth(1).unwrap();
        let body = match path {
            "/containers/json?all=1" => json!([
                {"Id": "aa", "Names": ["/db"], "Image": "store:1", "ImageID": "sha256:1", "State": "running",
                 "Mounts": [{"Type": "volume", "Name": "data", "Destination": "/data"}]},
                {"Id": "bb", "Names": ["/web"], "Image": "store:1", "ImageID": "sha256:1", "State": "running"}]),
            "/containers/aa/json" => json!({
                "State": {"ExitCode": 0, "Status": "running", "Health": {"Status": "healthy"}},
                "RestartCount": 1, "HostConfig": {"Memory": 67_108_864},
                "Config": {"User": "1000:1000", "Labels": {"tier": "data"}},
                "NetworkSettings": {"Networks": {"shop": {}, "bridge": {}}}}),
            "/containers/bb/json" => json!({
                "State": {"ExitCode": 0, "Status": "running"}, "RestartCount": 0,
                "HostConfig": {"Memory": 0}, "Config": {"User": "", "Labels": null},
                "NetworkSettings": {"Networks": {"bridge": {}}}}),
            "/images/json" => json!([
                {"Id": "sha256:1", "RepoTags": ["store:1"], "Size": 10},
                {"Id": "sha256:2", "RepoTags": ["base:1"], "Size": 10}]),
            "/images/sha256:1/json" => json!({"Config": {"User": "app", "Labels": {"version": "1"}},
                "RootFS": {"Layers": ["a", "b", "c"]}}),
            "/images/sha256:2/json" => json!({"Config": null, "RootFS": {"Layers": ["a", "b"]}}),
            "/images/sha256:1/history" => json!([{"CreatedBy": "COPY app /app"}, {"CreatedBy": "RUN true"}]),
            "/networks" => json!([{"Id": "cc", "Name": "shop", "Driver": "bridge", "Internal": true}]),
            "/networks/cc" => json!({"Containers": {"aa": {"Name": "db"}}}),
            "/volumes" => json!({"Volumes": [{"Name": "data"}]}),
            _ => return response(404, "{}"),
        };
        response(200, &body.to_string())
    })
    .await;
    let socket = "/run/user/1000/docker.sock".to_owned();
    let dials = [(socket, server.address)].into();
    let sandbox = Sandbox::desk(Fake {
        dials,
        ..Fake::default()
    });
    (sandbox, server)
}

#[tokio::test]
async fn containers_images_networks_and_volumes_are_told_apart_by_their_details() {
    let (sandbox, _server) = engine().await;
    for (yaml, said) in [
        (
            "container: {name: db, networks: [shop], volume: data, healthy: true}",
            "",
        ),
        (
            "container: {name: db, memory_mib: {min: 1, max: 64}, user: {excludes: root}}",
            "",
        ),
        (
            "container: {name: db, labels: {tier: data}, restarts: {max: 1}}",
            "",
        ),
        (
            "container: {name: web, networks: [shop]}",
            "The container is not in the network `shop`.",
        ),
        (
            "container: {name: web, volume: data}",
            "The volume `data` is not mounted in the container.",
        ),
        (
            "container: {name: web, healthy: true}",
            "The container has no health check.",
        ),
        (
            "container: {name: db, healthy: false}",
            "The health check of the container says `healthy`, which is not as asked.",
        ),
        (
            "container: {name: db, restarts: {max: 0}}",
            "The container was started again 1 time; none wanted.",
        ),
        (
            "container: {name: web, memory_mib: {min: 1}}",
            "The container has no memory limit.",
        ),
        (
            "container: {name: web, user: {excludes: root}}",
            "It runs as the user `root`, which is not as asked.",
        ),
        (
            "container: {name: web, labels: {tier: data}}",
            "The label `tier` is missing or has another value.",
        ),
        (
            "image: {name: 'store:1', from: 'base:1', layers: {max: 3}, user: {equals: app}}",
            "",
        ),
        (
            "image: {name: 'store:1', labels: {version: '1'}, history: {contains: COPY}}",
            "",
        ),
        (
            "image: {name: 'base:1', from: 'store:1'}",
            "The image `base:1` is not built from the image `store:1`.",
        ),
        (
            "image: {name: 'store:1', from: 'none:1'}",
            "The image `store:1` is not built from the image `none:1`.",
        ),
        (
            "image: {name: 'store:1', layers: {max: 2}}",
            "The image `store:1` has 3 layers; at most 2 wanted.",
        ),
        (
            "image: {name: 'store:1', history: {excludes: COPY}}",
            "The history of the image `store:1` is not as asked.",
        ),
        (
            "network: {name: shop, driver: bridge, internal: true, containers: [db]}",
            "",
        ),
        (
            "network: {name: shop, containers: [db, web]}",
            "No running container `web` is in the network `shop`.",
        ),
        (
            "network: {name: shop, internal: false}",
            "The network `shop` is internal and should not be.",
        ),
        ("network: {name: back}", "There is no network named `back`."),
        ("network: {name: back}, count: {max: 0}", ""),
        ("volume: {name: data, used_by: db}", ""),
        (
            "volume: {name: data, used_by: web}",
            "The volume `data` is not mounted in the container `web`.",
        ),
        ("volume: {name: other}", "There is no volume named `other`."),
    ] {
        let result = looked(&sandbox, &format!("docker: {{{yaml}}}")).await;
        let seen = result.message.map(|m| m.en).unwrap_or_default();
        let seen = seen.strip_prefix("Not yet. ").unwrap_or(&seen);
        assert_eq!(seen, said, "{yaml}: {}", result.evidence);
        let passed = result.outcome == Outcome::Passed;
        assert_eq!(passed, said.is_empty(), "{yaml}");
    }
}

/// What the look at the process behind the socket comes to.
async fn engine_seen(code: i32, said: &'static str) -> (Sandbox, Server) {
    let (mut sandbox, server) = engine().await;
    if let Ok(fake) = &mut sandbox.desk {
        fake.exec = Arc::new(move |_| Ok(exited(code, said)));
    }
    (sandbox, server)
}

#[tokio::test]
async fn only_the_machine_s_own_engine_and_images_are_believed() {
    let kind = "docker: {container: {name: db, image: 'store:1'}}";
    let (own, _server) = engine_seen(0, "images:\n[]").await;
    assert_eq!(looked(&own, kind).await.points, 10);

    let (other, _server) = engine_seen(1, "engine: process 7 is another program\n").await;
    let result = looked(&other, kind).await;
    assert_eq!(result.points, 0, "{result:?}");
    assert!(result.message.unwrap().en.contains("not the machine's own"));

    // The machine came with an image of this name, and this is another.
    let stock = "images:\n[{\"Config\": \"9.json\", \"RepoTags\": [\"store:1\"]}]";
    let (renamed, _server) = engine_seen(0, stock).await;
    let result = looked(&renamed, kind).await;
    assert_eq!(result.points, 0, "{result:?}");
    let image = "docker: {image: {name: 'store:1'}}";
    assert_eq!(looked(&renamed, image).await.points, 0);
    let stock = "images:\n[{\"Config\": \"1.json\", \"RepoTags\": [\"store:1\"]}]";
    let (same, _server) = engine_seen(0, stock).await;
    assert_eq!(looked(&same, kind).await.points, 10);
    assert_eq!(looked(&same, image).await.points, 10);

    // Who looks was stopped from inside: no observation.
    let (stopped, _server) = engine_seen(137, "").await;
    assert_eq!(looked(&stopped, kind).await.outcome, Outcome::Ungradable);
}

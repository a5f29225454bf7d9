//! Which part of a RabbitMQ broker a message can come to, and a copy of it under other names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use crate::domain::check::{PROBE_PREFIX, RouteProbe};

use super::rabbitmq::{BindingState, ExchangeState, QueueState, argument};

/// After how many milliseconds the broker removes a copied queue by itself.
const EXPIRES: u64 = 60_000;
/// Most exchanges, queues and bindings that are copied.
const MOST: usize = 48;

/// Arguments that belong to queues which can't be read through the management API.
const STREAM_ONLY: [&str; 4] = [
    "x-queue-type",
    "x-max-age",
    "x-stream-max-segment-size-bytes",
    "x-initial-cluster-size",
];

/// The broker's objects.
#[derive(Debug, Default)]
pub(super) struct Topology {
    pub(super) exchanges: Vec<ExchangeState>,
    pub(super) queues: Vec<QueueState>,
    pub(super) bindings: Vec<BindingState>,
}

/// Objects to declare, in order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Copy {
    /// Name and declaration.
    pub(super) exchanges: Vec<(String, Value)>,
    /// The learner's name, the copy's, and its declaration.
    pub(super) queues: Vec<(String, String, Value)>,
    /// Exchange, `q` or `e`, queue or exchange, and the binding.
    pub(super) bindings: Vec<(String, char, String, Value)>,
    /// The copy of the exchange to publish to.
    pub(super) entrance: String,
}

/// There is too much of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Exchange(String),
    Queue(String),
}

impl Topology {
    /// Copies what lies behind the probe's exchange; `word` makes the names new. `None` when there
    /// is no such exchange.
    pub(super) fn copy(&self, probe: &RouteProbe, word: &str) -> Result<Option<Copy>, TooMuch> {
        let entrance = self.exchange(&probe.exchange);
        if entrance.is_none() && !probe.exchange.is_empty() {
            return Ok(None);
        }
        let mut walk = Walk {
            topology: self,
            word,
            names: BTreeMap::new(),
            waiting: VecDeque::new(),
            direct: BTreeSet::new(),
            copy: Copy::default(),
        };
        walk.copy.entrance = walk.exchange_name(&probe.exchange);
        if probe.exchange.is_empty() {
            walk.directly_to(&probe.key);
        }
        while let Some(node) = walk.waiting.pop_front() {
            match node {
                Node::Exchange(name) => walk.exchange(&name),
                Node::Queue(name) => walk.queue(&name, &probe.key),
            }
            let Copy {
                exchanges,
                queues,
                bindings,
                ..
            } = &walk.copy;
            if exchanges.len() + queues.len() > MOST || bindings.len() > MOST {
                return Err(TooMuch);
            }
        }
        Ok(Some(walk.copy))
    }

    fn exchange(&self, name: &str) -> Option<&ExchangeState> {
        self.exchanges.iter().find(|e| e.name == name)
    }

    fn queue(&self, name: &str) -> Option<&QueueState> {
        self.queues.iter().find(|q| q.name == name)
    }
}

struct Walk<'a> {
    topology: &'a Topology,
    word: &'a str,
    names: BTreeMap<Node, String>,
    waiting: VecDeque<Node>,
    /// Queues that the copy of the default exchange leads to.
    direct: BTreeSet<String>,
    copy: Copy,
}

impl Walk<'_> {
    /// The name of a node's copy; a new one will be visited.
    fn name(&mut self, node: Node) -> String {
        if let Some(name) = self.names.get(&node) {
            return name.clone();
        }
        let name = format!("{PROBE_PREFIX}{}-{}", self.word, self.names.len());
        self.names.insert(node.clone(), name.clone());
        self.waiting.push_back(node);
        name
    }

    fn exchange_name(&mut self, name: &str) -> String {
        self.name(Node::Exchange(name.to_owned()))
    }

    /// The default exchange leads to each queue by its name.
    fn directly_to(&mut self, queue: &str) {
        if self.topology.queue(queue).is_some() && self.direct.insert(queue.to_owned()) {
            let from = self.exchange_name("");
            let to = self.name(Node::Queue(queue.to_owned()));
            let binding = json!({"routing_key": queue, "arguments": {}});
            self.copy.bindings.push((from, 'q', to, binding));
        }
    }

    fn exchange(&mut self, name: &str) {
        let own = self.exchange_name(name);
        let Some(seen) = self.topology.exchange(name).filter(|_| !name.is_empty()) else {
            // The default exchange, or one that a queue or exchange names in vain.
            let kind = if name.is_empty() { "direct" } else { "fanout" };
            let declaration = json!({"type": kind, "auto_delete": true});
            self.copy.exchanges.push((own, declaration));
            return;
        };
        let mut arguments = object(&seen.arguments);
        let alternate = argument(
            &seen.arguments,
            &seen.effective_policy_definition,
            "alternate-exchange",
        );
        if let Some(Value::String(alternate)) = alternate {
            let alternate = self.exchange_name(alternate);
            arguments.insert("alternate-exchange".to_owned(), alternate.into());
        }
        let declaration = json!({"type": seen.kind, "auto_delete": true, "arguments": arguments});
        self.copy.exchanges.push((own.clone(), declaration));
        let bindings = self.topology.bindings.iter();
        for binding in bindings.filter(|b| b.source == name && !b.source.is_empty()) {
            let (kind, node) = if binding.destination_type == "exchange" {
                ('e', Node::Exchange(binding.destination.clone()))
            } else {
                ('q', Node::Queue(binding.destination.clone()))
            };
            let to = self.name(node);
            let arguments = object(&binding.arguments);
            let key = &binding.routing_key;
            let declaration = json!({"routing_key": key, "arguments": arguments});
            self.copy
                .bindings
                .push((own.clone(), kind, to, declaration));
        }
    }

    fn queue(&mut self, name: &str, key: &str) {
        let own = self.name(Node::Queue(name.to_owned()));
        let Some(seen) = self.topology.queue(name) else {
            return;
        };
        let mut arguments = object(&seen.arguments);
        for (name, value) in object(&seen.effective_policy_definition) {
            arguments.entry(format!("x-{name}")).or_insert(value);
        }
        if arguments.get("x-queue-type") == Some(&json!("stream")) {
            // It gets what is routed to it like any other.
            arguments.retain(|name, _| !STREAM_ONLY.contains(&name.as_str()));
        }
        arguments.insert("x-expires".to_owned(), EXPIRES.into());
        if let Some(Value::String(dead)) = arguments.get("x-dead-letter-exchange").cloned() {
            let copy = self.exchange_name(&dead);
            arguments.insert("x-dead-letter-exchange".to_owned(), copy.into());
            if dead.is_empty() {
                let new = arguments.get("x-dead-letter-routing-key");
                let key = new.and_then(Value::as_str).unwrap_or(key).to_owned();
                self.directly_to(&key);
            }
        }
        let declaration =
            json!({"durable": seen.durable, "auto_delete": false, "arguments": arguments});
        self.copy.queues.push((name.to_owned(), own, declaration));
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology(exchanges: &str, queues: &str, bindings: &str) -> Topology {
        Topology {
            exchanges: serde_json::from_str(exchanges).unwrap(),
            queues: serde_json::from_str(queues).unwrap(),
            bindings: serde_json::from_str(bindings).unwrap(),
        }
    }

    fn probe(exchange: &str, key: &str) -> RouteProbe {
        serde_json::from_value(json!({"exchange": exchange, "key": key})).unwrap()
    }

    fn queues(copy: &Copy) -> Vec<&str> {
        copy.queues.iter().map(|(name, ..)| name.as_str()).collect()
    }

    #[test]
    fn a_copy_has_what_lies_behind_the_exchange_and_nothing_else() {
        let broker = topology(
            r#"[{"name":"","type":"direct"},{"name":"e","type":"topic","durable":true},
                {"name":"f","type":"fanout"},{"name":"other","type":"topic"}]"#,
            r#"[{"name":"a","durable":true},{"name":"b","durable":false},{"name":"c","durable":true}]"#,
            r#"[{"source":"e","destination":"a","destination_type":"queue","routing_key":"x.*"},
                {"source":"e","destination":"f","destination_type":"exchange","routing_key":"y"},
                {"source":"f","destination":"b","destination_type":"queue"},
                {"source":"","destination":"c","destination_type":"queue","routing_key":"c"},
                {"source":"other","destination":"c","destination_type":"queue","routing_key":"x.y"}]"#,
        );
        let copy = broker.copy(&probe("e", "x.y"), "w0rd").unwrap().unwrap();
        assert_eq!(queues(&copy), ["a", "b"]);
        assert_eq!(copy.exchanges.len(), 2);
        assert_eq!(copy.exchanges[0].0, copy.entrance);
        assert_eq!(copy.exchanges[0].1["type"], "topic");
        assert_eq!(copy.bindings.len(), 3);
        let names = copy.queues.iter().map(|(_, name, _)| name);
        let names = names.chain(copy.exchanges.iter().map(|(name, _)| name));
        for name in names {
            assert!(name.starts_with("slipway-probe-w0rd-"), "{name}");
        }
        assert_eq!(broker.copy(&probe("none", ""), "w").unwrap(), None);
    }

    #[test]
    fn dead_letters_and_unroutable_messages_go_to_copies_too() {
        let broker = topology(
            r#"[{"name":"e","type":"direct","arguments":{"alternate-exchange":"lost"}},
                {"name":"lost","type":"fanout"}]"#,
            r#"[{"name":"work","durable":true,"arguments":{"x-queue-type":"quorum"},
                 "effective_policy_definition":{"dead-letter-exchange":"",
                    "dead-letter-routing-key":"retry"}},
                {"name":"retry","durable":true,"arguments":{"x-message-ttl":5000,
                    "x-dead-letter-exchange":"e","x-dead-letter-routing-key":"work"}},
                {"name":"lost","durable":true,"effective_policy_definition":[]}]"#,
            r#"[{"source":"e","destination":"work","destination_type":"queue","routing_key":"work"},
                {"source":"lost","destination":"lost","destination_type":"queue","routing_key":""}]"#,
        );
        let copy = broker.copy(&probe("e", "work"), "w").unwrap().unwrap();
        let mut reached = queues(&copy);
        reached.sort_unstable();
        assert_eq!(reached, ["lost", "retry", "work"]);
        let declared = |name: &str| {
            let found = copy.queues.iter().find(|(n, ..)| n == name).unwrap();
            found.2["arguments"].clone()
        };
        let work = declared("work");
        assert!(
            work["x-dead-letter-exchange"]
                .as_str()
                .unwrap()
                .starts_with(PROBE_PREFIX)
        );
        assert_eq!(work["x-dead-letter-routing-key"], "retry");
        assert_eq!(work["x-queue-type"], "quorum");
        assert_eq!(declared("retry")["x-dead-letter-exchange"], copy.entrance);
        let alternate = &copy.exchanges[0].1["arguments"]["alternate-exchange"];
        assert!(alternate.as_str().unwrap().starts_with(PROBE_PREFIX));
        // To `retry` leads the copy of the default exchange, by its old name.
        assert!(copy.bindings.iter().any(|b| b.3["routing_key"] == "retry"));
    }

    #[test]
    fn a_maze_is_not_copied() {
        let bindings: Vec<Value> = (0..60)
            .map(|n| {
                json!({"source": "e", "destination": format!("q{n}"),
                       "destination_type": "queue", "routing_key": ""})
            })
            .collect();
        let broker = topology(
            r#"[{"name":"e","type":"fanout"}]"#,
            "[]",
            &serde_json::to_string(&bindings).unwrap(),
        );
        assert_eq!(broker.copy(&probe("e", ""), "w"), Err(TooMuch));
    }
}

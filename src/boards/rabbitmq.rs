//! A RabbitMQ broker, by its management API (version 4.0).

use serde::{Deserialize, Serialize};

use super::{Unreadable, bounded, text};
use crate::domain::check::PROBE_PREFIX;

/// Exchanges, without statistics.
pub const EXCHANGES: &str =
    "/api/exchanges?disable_stats=true&columns=vhost,name,type,durable,auto_delete,internal";
/// Bindings.
pub const BINDINGS: &str = "/api/bindings";
/// Queues, with their totals but without the samples of the last minutes.
pub const QUEUES: &str = "/api/queues?disable_stats=true&enable_queue_totals=true";
/// Consumers.
pub const CONSUMERS: &str = "/api/consumers";

const MAX_EXCHANGES: usize = 16;
const MAX_QUEUES: usize = 24;
const MAX_BINDINGS: usize = 60;
const MAX_CONSUMERS: usize = 40;

/// What the broker holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Exchanges; those that come with the broker only when something is bound to them.
    pub exchanges: Vec<Exchange>,
    /// Queues, by name.
    pub queues: Vec<Queue>,
    /// Bindings, but for those of the default exchange, which every queue has.
    pub bindings: Vec<Binding>,
    /// Consumers.
    pub consumers: Vec<Consumer>,
    /// What did not fit.
    pub more: More,
}

/// How many objects are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each counts what its name says")]
pub struct More {
    pub exchanges: usize,
    pub queues: usize,
    pub bindings: usize,
    pub consumers: usize,
}

/// An exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// Its name; empty for the default exchange.
    pub name: String,
    /// `direct`, `fanout`, `topic`, `headers`, …
    pub kind: String,
    /// Whether it outlives a restart of the broker.
    pub durable: bool,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `classic`, `quorum` or `stream`.
    pub kind: String,
    /// Whether it outlives a restart of the broker.
    pub durable: bool,
    /// Whether it belongs to one connection.
    pub exclusive: bool,
    /// Messages that wait; `None` while the broker has not counted.
    pub ready: Option<u64>,
    /// Messages handed out and not acknowledged.
    pub unacknowledged: Option<u64>,
    /// Where dead messages go; empty for the default exchange.
    pub dead_letter_exchange: Option<String>,
    /// How long a message may wait, in milliseconds.
    pub ttl: Option<u64>,
    /// How many messages it holds at most.
    pub max_length: Option<u64>,
}

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The exchange it comes from.
    pub source: String,
    /// The queue or exchange it leads to.
    pub destination: String,
    /// Whether `destination` is an exchange.
    pub to_exchange: bool,
    /// The routing key.
    pub key: String,
}

/// A consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consumer {
    /// The queue it takes from.
    pub queue: String,
    /// Its tag, unique on its channel.
    pub tag: String,
    /// Its connection and channel, so that two with the same tag are told apart.
    pub channel: String,
    /// How many unacknowledged messages it takes; 0 for any number.
    pub prefetch: u64,
    /// Whether it acknowledges.
    pub acknowledges: bool,
}

/// The four answers of one look.
#[derive(Debug, Clone, Copy)]
#[allow(
    missing_docs,
    reason = "each is the answer to the question of its name"
)]
pub struct Answers<'a> {
    pub exchanges: &'a [u8],
    pub bindings: &'a [u8],
    pub queues: &'a [u8],
    pub consumers: &'a [u8],
}

/// The picture that the answers give.
pub fn picture(answers: Answers<'_>) -> Result<Picture, Unreadable> {
    let bindings: Vec<ListedBinding> = serde_json::from_slice(answers.bindings)?;
    let mut bindings: Vec<Binding> = bindings
        .into_iter()
        .filter(|b| !b.source.is_empty() && !is_probe(&b.source) && !is_probe(&b.destination))
        .map(ListedBinding::draw)
        .collect();
    bindings.sort_by(|a, b| {
        (&a.source, &a.destination, &a.key).cmp(&(&b.source, &b.destination, &b.key))
    });
    let exchanges: Vec<ListedExchange> = serde_json::from_slice(answers.exchanges)?;
    let mut exchanges: Vec<Exchange> = exchanges
        .into_iter()
        .map(ListedExchange::draw)
        .filter(|e| {
            let own = !e.name.starts_with("amq.") && !is_probe(&e.name);
            own || bindings.iter().any(|b| b.source == e.name)
        })
        .collect();
    exchanges.sort_by(|a, b| a.name.cmp(&b.name));
    let queues: Vec<ListedQueue> = serde_json::from_slice(answers.queues)?;
    let mut queues: Vec<Queue> = queues
        .into_iter()
        .map(ListedQueue::draw)
        .filter(|q| !is_probe(&q.name))
        .collect();
    queues.sort_by(|a, b| a.name.cmp(&b.name));
    let consumers: Vec<ListedConsumer> = serde_json::from_slice(answers.consumers)?;
    let mut consumers: Vec<Consumer> = consumers.into_iter().map(ListedConsumer::draw).collect();
    consumers.sort_by(|a, b| (&a.queue, &a.channel, &a.tag).cmp(&(&b.queue, &b.channel, &b.tag)));
    let mut more = More::default();
    let mut picture = Picture::default();
    (picture.exchanges, more.exchanges) = bounded(exchanges, MAX_EXCHANGES);
    (picture.queues, more.queues) = bounded(queues, MAX_QUEUES);
    (picture.bindings, more.bindings) = bounded(bindings, MAX_BINDINGS);
    (picture.consumers, more.consumers) = bounded(consumers, MAX_CONSUMERS);
    picture.more = more;
    Ok(picture)
}

/// Whether a check made it, for a moment.
fn is_probe(name: &str) -> bool {
    name.starts_with(PROBE_PREFIX)
}

#[derive(Debug, Deserialize)]
struct ListedExchange {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    durable: bool,
}

impl ListedExchange {
    fn draw(self) -> Exchange {
        Exchange {
            name: text::name(&self.name),
            kind: text::clean(&self.kind, 20),
            durable: self.durable,
        }
    }
}

#[derive(Debug, Deserialize)]
struct ListedBinding {
    source: String,
    destination: String,
    #[serde(default)]
    destination_type: String,
    #[serde(default)]
    routing_key: String,
}

impl ListedBinding {
    fn draw(self) -> Binding {
        Binding {
            source: text::name(&self.source),
            destination: text::name(&self.destination),
            to_exchange: self.destination_type == "exchange",
            key: text::name(&self.routing_key),
        }
    }
}

#[derive(Debug, Deserialize)]
struct ListedQueue {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    durable: bool,
    /// Null for kinds that know no such thing.
    exclusive: Option<bool>,
    messages_ready: Option<u64>,
    messages_unacknowledged: Option<u64>,
    #[serde(default)]
    arguments: serde_json::Value,
}

impl ListedQueue {
    fn draw(self) -> Queue {
        let number = |key: &str| self.arguments.get(key)?.as_u64();
        let dead = self.arguments.get("x-dead-letter-exchange");
        let dead = dead.and_then(|d| d.as_str()).map(text::name);
        let (ttl, max_length) = (number("x-message-ttl"), number("x-max-length"));
        Queue {
            name: text::name(&self.name),
            kind: text::clean(&self.kind, 20),
            durable: self.durable,
            exclusive: self.exclusive == Some(true),
            ready: self.messages_ready,
            unacknowledged: self.messages_unacknowledged,
            dead_letter_exchange: dead,
            ttl,
            max_length,
        }
    }
}

#[derive(Debug, Deserialize)]
struct ListedConsumer {
    queue: QueueName,
    #[serde(default)]
    consumer_tag: String,
    #[serde(default)]
    prefetch_count: u64,
    #[serde(default)]
    ack_required: bool,
    #[serde(default)]
    channel_details: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct QueueName {
    name: String,
}

impl ListedConsumer {
    fn draw(self) -> Consumer {
        // An empty list stands for details that are not known yet.
        let channel = self.channel_details.get("name");
        Consumer {
            queue: text::name(&self.queue.name),
            tag: text::name(&self.consumer_tag),
            channel: text::name(channel.and_then(|c| c.as_str()).unwrap_or_default()),
            prefetch: self.prefetch_count,
            acknowledges: self.ack_required,
        }
    }
}

#[cfg(test)]
mod tests;

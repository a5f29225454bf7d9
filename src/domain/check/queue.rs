//! Checks that ask a message broker.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Range, yes};
use crate::domain::ids::Slug;

/// What every name begins with under which a probe makes objects in a broker. The grader may change
/// nothing else there, and learners are not shown it.
pub const PROBE_PREFIX: &str = "slipway-probe-";

/// `queue:` a message broker holds this, and does that with a message. RabbitMQ is asked through
/// its management API, Redis by commands that only read, NATS through its monitoring port.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueCheck {
    /// The machine of the broker; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// Which broker runs there.
    #[serde(default, skip_serializing_if = "Broker::is_rabbitmq")]
    pub broker: Broker,
    /// The queue's name in the virtual host `/`, the key of a Redis stream, or the name of a NATS
    /// stream.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether it must exist.
    #[serde(default = "yes")]
    pub exists: bool,
    /// RabbitMQ: whether it must survive a restart of the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
    /// RabbitMQ: arguments of the queue, or what a policy says in their place, such as
    /// `x-dead-letter-exchange`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, serde_json::Value>,
    /// RabbitMQ: an exchange like this exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeMatch>,
    /// RabbitMQ: each of these bindings exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<BindingMatch>,
    /// RabbitMQ: a message goes these ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<RouteProbe>,
    /// RabbitMQ: messages that wait for a consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Range>,
    /// RabbitMQ, NATS: messages handed to a consumer and not acknowledged yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<Range>,
    /// Consumers: those connected now to the RabbitMQ queue, those of the Redis group, those of the
    /// NATS stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Range>,
    /// RabbitMQ: messages published to it so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Range>,
    /// Messages acknowledged so far (RabbitMQ: by all consumers; Redis: by the group; NATS: up to
    /// which delivery of the consumer without a gap).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Range>,
    /// Messages delivered again (RabbitMQ: so far; NATS: and still not acknowledged).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<Range>,
    /// Redis: the consumer group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Redis: entries in the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Range>,
    /// Redis: entries handed to the group and not acknowledged yet. NATS: messages not delivered to
    /// the consumer yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Range>,
    /// Redis: entries not delivered to the group yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<Range>,
    /// NATS: the durable consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// NATS: messages in the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Range>,
    /// NATS: deliveries of the consumer so far, repeated ones included; a consumer that reads the
    /// stream again from its beginning makes as many as there are messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Range>,
    /// NATS: one of the subjects the stream stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// A message broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Broker {
    /// RabbitMQ with its management plug-in on port 15672.
    #[default]
    Rabbitmq,
    /// Redis on port 6379, with the user `grader`.
    Redis,
    /// NATS with JetStream, monitored on port 8222.
    Nats,
}

impl Broker {
    /// Whether it is the one that need not be named.
    pub fn is_rabbitmq(&self) -> bool {
        *self == Self::Rabbitmq
    }
}

/// An exchange of a RabbitMQ broker. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeMatch {
    /// Its name.
    pub name: String,
    /// `direct`, `fanout`, `topic` or `headers`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "type")]
    pub kind: Option<String>,
    /// Whether it must survive a restart of the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
}

/// A binding of a RabbitMQ broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingMatch {
    /// The exchange.
    pub from: String,
    /// The queue or exchange behind it.
    pub to: String,
    /// The routing key; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The text to say when it is missing: a key of the check's `messages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
}

/// Where a message goes that is published to a RabbitMQ exchange. The grader copies the exchange
/// with everything behind it under names of its own, publishes a random message to the copy, and
/// looks where it arrives: the broker itself routes, expires and dead-letters it, and nothing
/// reaches the learner's queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteProbe {
    /// The exchange; `''` for the default one, which routes to the queue that the key names.
    pub exchange: String,
    /// The routing key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Headers of the message, for an exchange of type `headers`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, serde_json::Value>,
    /// Queues whose consumer rejects the message, so that it goes where their dead letters go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected_by: Vec<String>,
    /// Queues that must get it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<String>,
    /// Queues that must not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<String>,
}

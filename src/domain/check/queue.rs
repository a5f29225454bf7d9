//! Checks that ask a message broker.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Range, yes};
use crate::domain::ids::Slug;

/// `queue:` a queue of a RabbitMQ broker is in this state (asked through its management API).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueCheck {
    /// The machine of the broker; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// The queue's name, in the virtual host `/`.
    pub name: String,
    /// Whether it must exist.
    #[serde(default = "yes")]
    pub exists: bool,
    /// Whether it must survive a restart of the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
    /// Messages that wait for a consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Range>,
    /// Messages handed to a consumer and not acknowledged yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<Range>,
    /// Consumers connected now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Range>,
    /// Messages published to it so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Range>,
    /// Messages acknowledged so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Range>,
    /// Messages delivered again so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<Range>,
}

//! What was seen of a message broker.

use crate::domain::{check::Range, text::Text};

use super::range;

/// A number of the queue that a check may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Count {
    Ready,
    Unacknowledged,
    Consumers,
    Published,
    Acknowledged,
    Redelivered,
    Length,
    Pending,
    Lag,
    GroupConsumers,
    Messages,
    Undelivered,
    Delivered,
}

impl Count {
    /// Whether it is said of a stream and not of a queue.
    const fn is_of_a_stream(self) -> bool {
        matches!(
            self,
            Self::Length
                | Self::Pending
                | Self::Lag
                | Self::GroupConsumers
                | Self::Messages
                | Self::Undelivered
                | Self::Delivered
        )
    }

    /// The condition that asks for it.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unacknowledged => "unacknowledged",
            Self::Published => "published",
            Self::Acknowledged => "acknowledged",
            Self::Redelivered => "redelivered",
            Self::Length => "length",
            Self::Pending | Self::Undelivered => "pending",
            Self::Lag => "lag",
            Self::Consumers | Self::GroupConsumers => "consumers",
            Self::Messages => "messages",
            Self::Delivered => "delivered",
        }
    }
}

pub(in super::super) fn count(what: Count, queue: &str, seen: u64, wanted: Range) -> Text {
    let one = seen == 1;
    let (zh, en) = match what {
        Count::Ready => (
            format!("等待消费的消息有 {seen} 条"),
            format!(
                "{seen} {} waiting",
                if one { "message is" } else { "messages are" }
            ),
        ),
        Count::Unacknowledged => (
            format!("已投递但未确认的消息有 {seen} 条"),
            format!(
                "{seen} {} delivered but not acknowledged",
                if one { "message is" } else { "messages are" }
            ),
        ),
        Count::Consumers => (
            format!("连接着的消费者有 {seen} 个"),
            format!(
                "{seen} {} connected",
                if one { "consumer is" } else { "consumers are" }
            ),
        ),
        Count::Published => (
            format!("至今发布过 {seen} 条消息"),
            format!(
                "{seen} {} been published so far",
                if one { "message has" } else { "messages have" }
            ),
        ),
        Count::Acknowledged => (
            format!("至今确认过 {seen} 条消息"),
            format!(
                "{seen} {} been acknowledged so far",
                if one { "message has" } else { "messages have" }
            ),
        ),
        Count::Redelivered => (
            format!("至今重新投递过 {seen} 次"),
            format!(
                "{seen} {} been made so far",
                if one {
                    "redelivery has"
                } else {
                    "redeliveries have"
                }
            ),
        ),
        Count::Length | Count::Messages => (
            format!("有 {seen} 条消息"),
            format!(
                "{seen} {} in it",
                if one { "message is" } else { "messages are" }
            ),
        ),
        Count::Pending => (
            format!("已投递给消费者组但未确认的消息有 {seen} 条"),
            format!(
                "{seen} {} delivered to the group but not acknowledged",
                if one { "message is" } else { "messages are" }
            ),
        ),
        Count::Lag => (
            format!("还没有投递给消费者组的消息有 {seen} 条"),
            format!(
                "{seen} {} not been delivered to the group yet",
                if one { "message has" } else { "messages have" }
            ),
        ),
        Count::Undelivered => (
            format!("还没有投递给消费者的消息有 {seen} 条"),
            format!(
                "{seen} {} not been delivered to the consumer yet",
                if one { "message has" } else { "messages have" }
            ),
        ),
        Count::GroupConsumers => (
            format!("有 {seen} 个消费者"),
            format!(
                "there {}",
                if one {
                    "is 1 consumer".to_owned()
                } else {
                    format!("are {seen} consumers")
                }
            ),
        ),
        Count::Delivered => (
            format!("至今向消费者投递过 {seen} 次"),
            format!(
                "{seen} {} been made to the consumer so far",
                if one {
                    "delivery has"
                } else {
                    "deliveries have"
                }
            ),
        ),
    };
    let wanted = range(wanted);
    let (queue_zh, queue_en) = if what.is_of_a_stream() {
        ("流", "Stream")
    } else {
        ("队列", "Queue")
    };
    Text::new(
        format!("{queue_zh} `{queue}`：{zh}，应{}。", wanted.zh),
        format!("{queue_en} `{queue}`: {en}; {} wanted.", wanted.en),
    )
}

pub(in super::super) fn queue_missing(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的队列。"),
        format!("There is no queue `{name}`."),
    )
}

pub(in super::super) fn queue_present(name: &str) -> Text {
    Text::new(
        format!("队列 `{name}` 仍然存在。"),
        format!("The queue `{name}` still exists."),
    )
}

pub(in super::super) fn queue_durable(name: &str, wanted: bool) -> Text {
    if wanted {
        Text::new(
            format!("队列 `{name}` 不是持久化的。"),
            format!("The queue `{name}` is not durable."),
        )
    } else {
        Text::new(
            format!("队列 `{name}` 是持久化的，这里不应该持久化。"),
            format!("The queue `{name}` is durable and should not be."),
        )
    }
}

pub(in super::super) fn broker_silent(machine: &str) -> Text {
    Text::new(
        format!(
            "{machine} 上的消息代理没有正常响应。它可能还在启动；请稍等再提交，或者重置实验环境。"
        ),
        format!(
            "The message broker on {machine} does not answer as it should. It may still be starting: wait a little and submit again, or reset the lab."
        ),
    )
}

pub(in super::super) fn queue_argument(
    name: &str,
    argument: &str,
    seen: &serde_json::Value,
) -> Text {
    if seen.is_null() {
        return Text::new(
            format!("队列 `{name}` 没有设置 `{argument}`。"),
            format!("The queue `{name}` has no `{argument}`."),
        );
    }
    Text::new(
        format!("队列 `{name}` 的 `{argument}` 是 `{seen}`，不符合要求。"),
        format!("`{argument}` of the queue `{name}` is `{seen}`, which is not as asked."),
    )
}

pub(in super::super) fn exchange_missing(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的交换机。"),
        format!("There is no exchange `{name}`."),
    )
}

pub(in super::super) fn exchange_type(name: &str, seen: &str) -> Text {
    Text::new(
        format!("交换机 `{name}` 的类型是 `{seen}`，不符合要求。"),
        format!("The exchange `{name}` is of type `{seen}`, which is not as asked."),
    )
}

pub(in super::super) fn exchange_durable(name: &str, wanted: bool) -> Text {
    if wanted {
        Text::new(
            format!("交换机 `{name}` 不是持久化的。"),
            format!("The exchange `{name}` is not durable."),
        )
    } else {
        Text::new(
            format!("交换机 `{name}` 是持久化的，这里不应该持久化。"),
            format!("The exchange `{name}` is durable and should not be."),
        )
    }
}

pub(in super::super) fn binding_missing(from: &str, to: &str, other_key: bool) -> Text {
    if other_key {
        Text::new(
            format!("交换机 `{from}` 与 `{to}` 之间有绑定，但路由键不符合要求。"),
            format!(
                "`{to}` is bound to the exchange `{from}`, but not with the routing key that is asked for."
            ),
        )
    } else {
        Text::new(
            format!("`{to}` 没有绑定到交换机 `{from}`。"),
            format!("`{to}` is not bound to the exchange `{from}`."),
        )
    }
}

/// How a message was sent: to an exchange, with a key.
fn sent(exchange: &str, key: &str) -> Text {
    let (zh, en) = if exchange.is_empty() {
        (
            "发到默认交换机".to_owned(),
            "sent to the default exchange".to_owned(),
        )
    } else {
        (
            format!("发到交换机 `{exchange}`"),
            format!("sent to the exchange `{exchange}`"),
        )
    };
    if key.is_empty() {
        Text::new(zh, en)
    } else {
        Text::new(
            format!("{zh}、路由键为 `{key}`"),
            format!("{en} with the routing key `{key}`"),
        )
    }
}

pub(in super::super) fn probe_missed(exchange: &str, key: &str, queue: &str) -> Text {
    let sent = sent(exchange, key);
    Text::new(
        format!("一条{}的消息没有到达队列 `{queue}`。", sent.zh),
        format!("A message {} did not reach the queue `{queue}`.", sent.en),
    )
}

pub(in super::super) fn probe_strayed(exchange: &str, key: &str, queue: &str) -> Text {
    let sent = sent(exchange, key);
    Text::new(
        format!("一条{}的消息也到了队列 `{queue}`，它不该到那里。", sent.zh),
        format!(
            "A message {} came to the queue `{queue}` too, where it should not.",
            sent.en
        ),
    )
}

pub(in super::super) fn probe_too_much(exchange: &str) -> Text {
    Text::new(
        format!("交换机 `{exchange}` 后面的队列、交换机和绑定太多，无法逐一查看。请删掉用不着的。"),
        format!(
            "There are too many queues, exchanges and bindings behind the exchange `{exchange}` to follow. Remove those you don't need."
        ),
    )
}

pub(in super::super) fn stream_missing(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的流。"),
        format!("There is no stream `{name}`."),
    )
}

pub(in super::super) fn stream_present(name: &str) -> Text {
    Text::new(
        format!("流 `{name}` 仍然存在。"),
        format!("The stream `{name}` still exists."),
    )
}

pub(in super::super) fn key_is_no_stream(name: &str) -> Text {
    Text::new(
        format!("键 `{name}` 存在，但不是流。"),
        format!("The key `{name}` exists but is not a stream."),
    )
}

pub(in super::super) fn group_missing(stream: &str, group: &str) -> Text {
    Text::new(
        format!("流 `{stream}` 没有名为 `{group}` 的消费者组。"),
        format!("The stream `{stream}` has no consumer group `{group}`."),
    )
}

pub(in super::super) fn consumer_missing(stream: &str, consumer: &str) -> Text {
    Text::new(
        format!("流 `{stream}` 没有名为 `{consumer}` 的消费者。"),
        format!("The stream `{stream}` has no consumer `{consumer}`."),
    )
}

pub(in super::super) fn stream_subjects(stream: &str, seen: &str) -> Text {
    Text::new(
        format!("流 `{stream}` 收集的主题是 `{seen}`，不符合要求。"),
        format!("The stream `{stream}` stores the subjects `{seen}`, which is not as asked."),
    )
}

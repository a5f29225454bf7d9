//! Checks of message brokers: what they ask, that broker can tell.

use super::{LabContext, Report, checks::range};
use crate::domain::check::{Broker, QueueCheck};

pub(super) fn check(
    context: &LabContext<'_>,
    at: &str,
    check: &QueueCheck,
    report: &mut Report<'_>,
) {
    let asks_elsewhere =
        check.exchange.is_some() || !check.bindings.is_empty() || check.probe.is_some();
    if check.name.len() > 255 || (check.name.is_empty() && !asks_elsewhere) {
        report.error(
            "queue-name",
            &format!("{at}.name"),
            "a queue's name has 1 to 255 bytes",
            "write the name the learner is asked to use",
        );
    }
    let ranges = [
        ("ready", check.ready),
        ("unacknowledged", check.unacknowledged),
        ("consumers", check.consumers),
        ("published", check.published),
        ("acknowledged", check.acknowledged),
        ("redelivered", check.redelivered),
        ("length", check.length),
        ("pending", check.pending),
        ("lag", check.lag),
        ("messages", check.messages),
        ("delivered", check.delivered),
    ];
    for (name, bounds) in ranges {
        range(&format!("{at}.{name}"), bounds, report);
    }
    of_broker(at, check, report);
    let of_queue = ranges.iter().any(|(_, bounds)| bounds.is_some())
        || check.durable.is_some()
        || !check.arguments.is_empty();
    if check.name.is_empty() && of_queue {
        report.error(
            "queue-name",
            at,
            "these conditions are about a queue, but none is named",
            "add `name`",
        );
    }
    let asks = of_queue || check.group.is_some() || check.consumer.is_some();
    if !check.exists && asks {
        report.error(
            "contradiction",
            at,
            "a queue that must not exist has no messages, consumers or durability",
            "remove `exists: false`, or the other conditions",
        );
    }
    if check.machine.is_none() && context.lab.machines.len() > 1 {
        report.warning(
            "queue-machine",
            at,
            "no `machine` is named, so the broker is looked for on the lab's first machine",
            "name the broker's machine, as in `machine: broker`",
        );
    }
    if let Some(probe) = &check.probe {
        if probe.reaches.is_empty() && probe.misses.is_empty() {
            report.error(
                "queue-probe",
                &format!("{at}.probe"),
                "the probe asks nothing",
                "name the queues that the message must reach, or miss",
            );
        }
        if let Some(both) = probe.reaches.iter().find(|q| probe.misses.contains(q)) {
            report.error(
                "contradiction",
                &format!("{at}.probe.misses"),
                format!("the message can't both reach and miss `{both}`"),
                "keep one of the two",
            );
        }
    }
}

/// Conditions that another broker knows.
fn of_broker(at: &str, check: &QueueCheck, report: &mut Report<'_>) {
    use Broker::{Nats, Rabbitmq, Redis};
    let needs = [
        ("durable", check.durable.is_some(), &[Rabbitmq][..]),
        ("arguments", !check.arguments.is_empty(), &[Rabbitmq]),
        ("exchange", check.exchange.is_some(), &[Rabbitmq]),
        ("bindings", !check.bindings.is_empty(), &[Rabbitmq]),
        ("probe", check.probe.is_some(), &[Rabbitmq]),
        ("ready", check.ready.is_some(), &[Rabbitmq]),
        ("published", check.published.is_some(), &[Rabbitmq]),
        (
            "unacknowledged",
            check.unacknowledged.is_some(),
            &[Rabbitmq, Nats],
        ),
        (
            "redelivered",
            check.redelivered.is_some(),
            &[Rabbitmq, Nats],
        ),
        ("group", check.group.is_some(), &[Redis]),
        ("length", check.length.is_some(), &[Redis]),
        ("lag", check.lag.is_some(), &[Redis]),
        ("pending", check.pending.is_some(), &[Redis, Nats]),
        ("consumer", check.consumer.is_some(), &[Nats]),
        ("messages", check.messages.is_some(), &[Nats]),
        ("delivered", check.delivered.is_some(), &[Nats]),
        ("subject", check.subject.is_some(), &[Nats]),
    ];
    for (name, given, brokers) in needs {
        if given && !brokers.contains(&check.broker) {
            let known: Vec<String> = brokers
                .iter()
                .map(|broker| format!("`broker: {}`", format!("{broker:?}").to_lowercase()))
                .collect();
            report.error(
                "queue-broker",
                &format!("{at}.{name}"),
                format!("this broker knows nothing of `{name}`"),
                format!("remove it, or write {}", known.join(" or ")),
            );
        }
    }
    let of_group = [
        check.pending,
        check.lag,
        check.acknowledged,
        check.consumers,
    ];
    if check.broker == Redis && check.group.is_none() && of_group.iter().any(Option::is_some) {
        report.error(
            "queue-group",
            at,
            "these numbers are those of a consumer group, but none is named",
            "add `group`",
        );
    }
    let of_consumer = [
        check.pending,
        check.unacknowledged,
        check.redelivered,
        check.delivered,
        check.acknowledged,
    ];
    if check.broker == Nats && check.consumer.is_none() && of_consumer.iter().any(Option::is_some) {
        report.error(
            "queue-consumer",
            at,
            "these numbers are those of a consumer, but none is named",
            "add `consumer`",
        );
    }
}

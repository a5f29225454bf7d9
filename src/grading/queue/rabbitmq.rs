//! RabbitMQ: queues, exchanges and bindings.
//!
//! The numbers lag. The broker gathers them each `collect_statistics_interval`, and the management
//! plug-in takes them over at the smallest interval of its `sample_retention_policies`, five
//! seconds unless configured. The lab image sets both to one second, so that a number is at most
//! two seconds old (1.5 s seen); with the defaults almost six were seen. A failed look is
//! therefore repeated at least twice ([`least_retries`]), a second apart. A queue that has just
//! been declared has no numbers at all for a moment: these are waited for.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::domain::check::{BindingMatch, Broker, ExchangeMatch, QueueCheck};

use super::{
    super::{
        look::{Finding, Stop},
        machines::Machines,
        messages::{self, Count},
    },
    Asking,
    management::path,
    probe,
};

/// How long to wait before asking again for numbers the broker does not have yet.
const NOT_YET: Duration = Duration::from_millis(500);

/// How often a failed look is repeated at least, so that numbers from before the learner's last
/// action do not count against them.
pub(in super::super) fn least_retries(check: &QueueCheck) -> u8 {
    let numbers = [
        check.ready,
        check.unacknowledged,
        check.consumers,
        check.published,
        check.acknowledged,
        check.redelivered,
    ];
    if check.broker == Broker::Rabbitmq && numbers.iter().any(Option::is_some) {
        2
    } else {
        0
    }
}

pub(super) async fn look<M: Machines>(
    asking: &mut Asking<'_, M>,
    check: &QueueCheck,
    word: &str,
) -> Result<Finding, Stop> {
    if !check.name.is_empty() {
        let finding = queue(asking, check).await?;
        if finding != Finding::Passed {
            return Ok(finding);
        }
    }
    if let Some(wanted) = &check.exchange {
        let seen = asking.get(&path("exchanges", &[&wanted.name])).await?;
        let finding = exchange(wanted, seen.as_ref());
        asking.evidence.line("exchange", format_args!("{seen:?}"));
        if finding != Finding::Passed {
            return Ok(finding);
        }
    }
    if !check.bindings.is_empty() {
        let seen: Vec<BindingState> = asking.list(&path("bindings", &[])).await?;
        let finding = bindings(&check.bindings, &seen);
        if finding != Finding::Passed {
            asking.evidence.line("bindings", format_args!("{seen:?}"));
            return Ok(finding);
        }
    }
    match &check.probe {
        Some(wanted) => probe::look(asking, wanted, word).await,
        None => Ok(Finding::Passed),
    }
}

async fn queue<M: Machines>(
    asking: &mut Asking<'_, M>,
    check: &QueueCheck,
) -> Result<Finding, Stop> {
    let path = path("queues", &[&check.name]);
    loop {
        let Some(state) = asking.get::<QueueState>(&path).await? else {
            asking.evidence.line("seen", "no such queue");
            return Ok(if check.exists {
                Finding::unmet("exists", messages::queue_missing(&check.name))
            } else {
                Finding::Passed
            });
        };
        if state.name != check.name {
            return Err(asking.silent("it speaks of another queue"));
        }
        if let Some(finding) = compare(check, &state) {
            asking.evidence.line("seen", format_args!("{state:?}"));
            return Ok(finding);
        }
        if Instant::now() + NOT_YET >= asking.until {
            return Err(asking.silent(format_args!("{state:?}, and no more in time")));
        }
        sleep(NOT_YET).await;
    }
}

/// What the broker says of a queue. What it leaves out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct QueueState {
    pub(super) name: String,
    pub(super) durable: bool,
    #[serde(default)]
    pub(super) arguments: Value,
    #[serde(default)]
    pub(super) effective_policy_definition: Value,
    messages_ready: Option<u64>,
    messages_unacknowledged: Option<u64>,
    consumers: Option<u64>,
    /// Left out until the first message.
    #[serde(default)]
    message_stats: Totals,
}

/// Totals of the queue's life; each is left out until it first happens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Totals {
    publish: u64,
    ack: u64,
    redeliver: u64,
}

/// What the broker says of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ExchangeState {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) durable: bool,
    #[serde(default)]
    pub(super) arguments: Value,
    #[serde(default)]
    pub(super) effective_policy_definition: Value,
}

/// What the broker says of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct BindingState {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) destination_type: String,
    #[serde(default)]
    pub(super) routing_key: String,
    #[serde(default)]
    pub(super) arguments: Value,
}

impl QueueState {
    /// An argument, or what a policy says in its place.
    pub(super) fn argument(&self, name: &str) -> Option<&Value> {
        argument(&self.arguments, &self.effective_policy_definition, name)
    }
}

/// An argument by its name (`x-dead-letter-exchange`), or the policy's word for it.
pub(super) fn argument<'a>(
    arguments: &'a Value,
    policy: &'a Value,
    name: &str,
) -> Option<&'a Value> {
    let own = arguments.get(name);
    own.or_else(|| policy.get(name.strip_prefix("x-").unwrap_or(name)))
}

/// The finding; `None` while the broker leaves out a number that is asked for.
fn compare(check: &QueueCheck, state: &QueueState) -> Option<Finding> {
    let name = &check.name;
    if !check.exists {
        return Some(Finding::unmet("exists", messages::queue_present(name)));
    }
    if let Some(durable) = check.durable
        && state.durable != durable
    {
        let text = messages::queue_durable(name, durable);
        return Some(Finding::unmet("durable", text));
    }
    for (argument, wanted) in &check.arguments {
        let seen = state.argument(argument).unwrap_or(&Value::Null);
        if seen != wanted {
            let text = messages::queue_argument(name, argument, seen);
            return Some(Finding::unmet(format!("arguments.{argument}"), text));
        }
    }
    let totals = &state.message_stats;
    for (what, wanted, seen) in [
        (Count::Ready, check.ready, state.messages_ready),
        (
            Count::Unacknowledged,
            check.unacknowledged,
            state.messages_unacknowledged,
        ),
        (Count::Consumers, check.consumers, state.consumers),
        (Count::Published, check.published, Some(totals.publish)),
        (Count::Acknowledged, check.acknowledged, Some(totals.ack)),
        (
            Count::Redelivered,
            check.redelivered,
            Some(totals.redeliver),
        ),
    ] {
        if let Some(wanted) = wanted {
            let seen = seen?;
            if !wanted.holds(seen) {
                let text = messages::count(what, name, seen, wanted);
                return Some(Finding::unmet(wanted.missed(what.name(), seen), text));
            }
        }
    }
    Some(Finding::Passed)
}

fn exchange(wanted: &ExchangeMatch, seen: Option<&ExchangeState>) -> Finding {
    let name = &wanted.name;
    let Some(seen) = seen else {
        return Finding::unmet("exchange.name", messages::exchange_missing(name));
    };
    if let Some(kind) = &wanted.kind
        && seen.kind != *kind
    {
        let text = messages::exchange_type(name, &seen.kind);
        return Finding::unmet("exchange.type", text);
    }
    if let Some(durable) = wanted.durable
        && seen.durable != durable
    {
        let text = messages::exchange_durable(name, durable);
        return Finding::unmet("exchange.durable", text);
    }
    Finding::Passed
}

fn bindings(wanted: &[BindingMatch], seen: &[BindingState]) -> Finding {
    for BindingMatch { from, to, key, say } in wanted {
        let there = seen.iter().any(|b| {
            b.source == *from
                && b.destination == *to
                && key.as_ref().is_none_or(|key| b.routing_key == *key)
        });
        if !there {
            let between = seen
                .iter()
                .any(|b| b.source == *from && b.destination == *to);
            let text = messages::binding_missing(from, to, between);
            return Finding::unmet(say.as_deref().unwrap_or("bindings"), text);
        }
    }
    Finding::Passed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::check::{CheckKind, Range},
        grading::testing::check_kind,
    };

    fn check(yaml: &str) -> QueueCheck {
        match check_kind(yaml) {
            CheckKind::Queue(check) => *check,
            other => panic!("{other:?}"),
        }
    }

    fn state(body: &str) -> QueueState {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn numbers_are_compared_and_named() {
        let check =
            check("queue: {name: orders, durable: true, ready: {min: 3}, redelivered: {max: 0}}");
        let judged = |body| compare(&check, &state(body));
        assert_eq!(
            judged(r#"{"name":"orders","durable":true,"messages_ready":3}"#),
            Some(Finding::Passed)
        );
        let at_least_three = Range {
            min: Some(3),
            max: None,
        };
        assert_eq!(
            judged(r#"{"name":"orders","durable":true,"messages_ready":0}"#),
            Some(Finding::unmet(
                "ready.min",
                messages::count(Count::Ready, "orders", 0, at_least_three)
            ))
        );
        assert_eq!(
            judged(r#"{"name":"orders","durable":false,"messages_ready":3}"#),
            Some(Finding::unmet(
                "durable",
                messages::queue_durable("orders", true)
            ))
        );
        assert!(matches!(
            judged(
                r#"{"name":"orders","durable":true,"messages_ready":3,"message_stats":{"redeliver":1}}"#
            ),
            Some(Finding::Failed { .. })
        ));
    }

    #[test]
    fn a_number_the_broker_does_not_have_yet_decides_nothing() {
        let check = check("queue: {name: orders, ready: {max: 0}}");
        assert_eq!(
            compare(&check, &state(r#"{"name":"orders","durable":true}"#)),
            None
        );
    }

    #[test]
    fn an_argument_may_come_from_a_policy() {
        let check = check(
            "queue: {name: q, arguments: {x-dead-letter-exchange: dead, x-message-ttl: 5000, x-expires: null}}",
        );
        let failing = |body| match compare(&check, &state(body)) {
            Some(Finding::Failed { condition, .. }) => condition,
            other => format!("{other:?}"),
        };
        assert_eq!(
            failing(
                r#"{"name":"q","durable":true,"arguments":{"x-message-ttl":5000},
                    "effective_policy_definition":{"dead-letter-exchange":"dead"}}"#
            ),
            "Some(Passed)"
        );
        assert_eq!(
            failing(
                r#"{"name":"q","durable":true,"arguments":{"x-message-ttl":50},
                    "effective_policy_definition":{"dead-letter-exchange":"dead"}}"#
            ),
            "arguments.x-message-ttl"
        );
        assert_eq!(
            failing(
                r#"{"name":"q","durable":true,"arguments":{"x-expires":1,"x-message-ttl":5000,
                    "x-dead-letter-exchange":"dead"},"effective_policy_definition":[]}"#
            ),
            "arguments.x-expires"
        );
        assert_eq!(
            failing(r#"{"name":"q","durable":true}"#),
            "arguments.x-dead-letter-exchange"
        );
    }

    #[test]
    fn an_exchange_of_another_type_and_a_binding_of_another_key_are_told_apart_from_none() {
        let check = check(
            "queue: {exchange: {name: e, type: topic, durable: true}, \
             bindings: [{from: e, to: q, key: 'a.*', say: no-a}]}",
        );
        let wanted = check.exchange.unwrap();
        let topic = |kind: &str, durable| ExchangeState {
            name: "e".into(),
            kind: kind.into(),
            durable,
            arguments: Value::Null,
            effective_policy_definition: Value::Null,
        };
        let condition = |finding| match finding {
            Finding::Failed { condition, .. } => condition,
            other => format!("{other:?}"),
        };
        assert_eq!(condition(exchange(&wanted, None)), "exchange.name");
        let direct = topic("direct", true);
        assert_eq!(condition(exchange(&wanted, Some(&direct))), "exchange.type");
        let brief = topic("topic", false);
        assert_eq!(
            condition(exchange(&wanted, Some(&brief))),
            "exchange.durable"
        );
        assert_eq!(
            exchange(&wanted, Some(&topic("topic", true))),
            Finding::Passed
        );
        let mut binding = BindingState {
            source: "e".into(),
            destination: "q".into(),
            destination_type: "queue".into(),
            routing_key: "a.*".into(),
            arguments: Value::Null,
        };
        let judged = |b: &BindingState| bindings(&check.bindings, std::slice::from_ref(b));
        assert_eq!(judged(&binding), Finding::Passed);
        binding.routing_key = "a.#".into();
        assert_eq!(condition(judged(&binding)), "no-a");
    }
}

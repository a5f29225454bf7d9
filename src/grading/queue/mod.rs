//! `queue:` a message broker holds this, and does that with a message.
//!
//! Every broker is asked from the grader machine. What the learner may do there is theirs to do;
//! what is seen is the broker's own account of it.

mod management;
mod nats;
mod probe;
mod rabbitmq;
mod redis;
mod topology;

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{
    check::{Broker, QueueCheck},
    ids::Slug,
};

use super::{
    evidence::Evidence,
    look::{Finding, Stop},
    machines::Machines,
    messages, reach,
};

pub(super) use rabbitmq::least_retries;

/// One look at a broker.
struct Asking<'a, M> {
    machines: &'a M,
    machine: &'a Slug,
    until: Instant,
    evidence: &'a mut Evidence,
}

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &QueueCheck,
    word: &str,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let until = Instant::now() + within;
    // A machine that is gone refuses nothing: it must be there for its silence to mean anything.
    reach::agent(machines, machine).await?;
    if !check.name.is_empty() {
        evidence.line("queue", format_args!("{} on {machine}", check.name));
    }
    let mut asking = Asking {
        machines,
        machine,
        until,
        evidence,
    };
    match check.broker {
        Broker::Rabbitmq => rabbitmq::look(&mut asking, check, word).await,
        Broker::Redis => redis::look(&mut asking, check).await,
        Broker::Nats => nats::look(&mut asking, check).await,
    }
}

impl<M: Machines> Asking<'_, M> {
    /// The time that is left.
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The broker does not answer as one; with the reason as evidence.
    fn silent(&mut self, reason: impl std::fmt::Display) -> Stop {
        self.evidence.line("broker", reason);
        Stop::Found(Finding::Ungradable(messages::broker_silent(
            self.machine.as_str(),
        )))
    }
}

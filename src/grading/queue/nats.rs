//! NATS: JetStream streams and their consumers, read from the monitoring port
//! (`GET /jsz?streams=1&consumers=1&config=1`), which tells but changes nothing.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header::HOST};
use serde::Deserialize;

use crate::domain::check::QueueCheck;

use super::{
    super::{
        http_client::exchange,
        look::{Finding, Stop},
        machines::Machines,
        messages::{self, Count},
        reach::{self, Dialled},
    },
    Asking,
};

const PORT: u16 = 8222;
const PATH: &str = "/jsz?accounts=1&streams=1&consumers=1&config=1";
const MAX_ANSWER: usize = 1024 * 1024;

/// What the monitoring port says of JetStream.
#[derive(Debug, Deserialize)]
struct JetStream {
    #[serde(default)]
    account_details: Vec<Account>,
}

#[derive(Debug, Deserialize)]
struct Account {
    #[serde(default)]
    stream_detail: Vec<Stream>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Stream {
    name: String,
    #[serde(default)]
    config: Config,
    state: State,
    #[serde(default)]
    consumer_detail: Option<Vec<Consumer>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Config {
    subjects: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct State {
    messages: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Consumer {
    name: String,
    #[serde(default)]
    delivered: Sequence,
    #[serde(default)]
    ack_floor: Sequence,
    #[serde(default)]
    num_ack_pending: u64,
    #[serde(default)]
    num_redelivered: u64,
    #[serde(default)]
    num_pending: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Sequence {
    consumer_seq: u64,
}

pub(super) async fn look<M: Machines>(
    asking: &mut Asking<'_, M>,
    check: &QueueCheck,
) -> Result<Finding, Stop> {
    let dialled = reach::dial_port(asking.machines, asking.machine, PORT, asking.left()).await?;
    let (stream, _agent) = match dialled {
        Dialled::Connected(stream, agent) => (stream, agent),
        Dialled::Refused => return Err(asking.silent("refuses connections")),
        Dialled::OutOfReach(reason) => return Err(asking.silent(reason)),
    };
    let request = Request::get(PATH)
        .header(HOST, format!("{}:{PORT}", asking.machine))
        .body(Full::<Bytes>::default())
        .map_err(|e| Stop::Lab(e.to_string()))?;
    let answer = match exchange(stream, request, asking.left(), MAX_ANSWER).await {
        Ok(answer) if answer.status == 200 && !answer.truncated => answer,
        Ok(answer) => return Err(asking.silent(format_args!("status {}", answer.status))),
        Err(error) => return Err(asking.silent(error)),
    };
    let seen: JetStream = match serde_json::from_slice(&answer.body) {
        Ok(seen) => seen,
        Err(error) => return Err(asking.silent(error)),
    };
    let streams = seen
        .account_details
        .into_iter()
        .flat_map(|a| a.stream_detail);
    let stream = streams.into_iter().find(|stream| stream.name == check.name);
    asking.evidence.line("seen", format_args!("{stream:?}"));
    Ok(compare(check, stream.as_ref()))
}

fn compare(check: &QueueCheck, stream: Option<&Stream>) -> Finding {
    let name = &check.name;
    let Some(stream) = stream else {
        return if check.exists {
            Finding::unmet("exists", messages::stream_missing(name))
        } else {
            Finding::Passed
        };
    };
    if !check.exists {
        return Finding::unmet("exists", messages::stream_present(name));
    }
    if let Some(subject) = &check.subject
        && !stream.config.subjects.contains(subject)
    {
        let text = messages::stream_subjects(name, &stream.config.subjects.join(" "));
        return Finding::unmet("subject", text);
    }
    let consumers = stream.consumer_detail.as_deref().unwrap_or_default();
    let of_stream = [
        (Count::Messages, check.messages, stream.state.messages),
        (
            Count::GroupConsumers,
            check.consumers,
            consumers.len() as u64,
        ),
    ];
    let mut numbers = of_stream.to_vec();
    if let Some(wanted) = &check.consumer {
        let Some(consumer) = consumers.iter().find(|c| c.name == *wanted) else {
            let text = messages::consumer_missing(name, wanted);
            return Finding::unmet("consumer", text);
        };
        numbers.extend([
            (Count::Undelivered, check.pending, consumer.num_pending),
            (
                Count::Unacknowledged,
                check.unacknowledged,
                consumer.num_ack_pending,
            ),
            (
                Count::Redelivered,
                check.redelivered,
                consumer.num_redelivered,
            ),
            (
                Count::Delivered,
                check.delivered,
                consumer.delivered.consumer_seq,
            ),
            (
                Count::Acknowledged,
                check.acknowledged,
                consumer.ack_floor.consumer_seq,
            ),
        ]);
    }
    for (what, wanted, seen) in numbers {
        if let Some(wanted) = wanted.filter(|wanted| !wanted.holds(seen)) {
            let text = messages::count(what, name, seen, wanted);
            return Finding::unmet(wanted.missed(what.name(), seen), text);
        }
    }
    Finding::Passed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::check::CheckKind, grading::testing::check_kind};

    const SEEN: &str = r#"{"streams":1,"account_details":[{"name":"$G","stream_detail":[
        {"name":"ORDERS","config":{"subjects":["orders.>"]},"state":{"messages":7,"bytes":70},
         "consumer_detail":[{"stream_name":"ORDERS","name":"billing",
            "delivered":{"consumer_seq":9,"stream_seq":7},"ack_floor":{"consumer_seq":6,"stream_seq":5},
            "num_ack_pending":2,"num_redelivered":1,"num_waiting":0,"num_pending":0}]}]}]}"#;

    fn judged(rest: &str) -> String {
        let seen: JetStream = serde_json::from_str(SEEN).unwrap();
        let streams = seen
            .account_details
            .into_iter()
            .flat_map(|a| a.stream_detail);
        let kind = check_kind(&format!("queue: {{broker: nats, {rest}}}"));
        let CheckKind::Queue(check) = kind else {
            panic!("{kind:?}")
        };
        let stream = streams.into_iter().find(|s| s.name == check.name);
        match compare(&check, stream.as_ref()) {
            Finding::Failed { condition, .. } => condition,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn streams_and_consumers_are_told_by_their_numbers() {
        for (rest, condition) in [
            (
                "name: ORDERS, subject: 'orders.>', messages: {min: 7}",
                "Passed",
            ),
            ("name: ORDERS, subject: 'orders.*'", "subject"),
            ("name: ORDERS, messages: {max: 6}", "messages.max"),
            ("name: ORDERS, consumers: {min: 2}", "consumers.min"),
            ("name: ORDERS, consumer: audit", "consumer"),
            (
                "name: ORDERS, consumer: billing, pending: {max: 0}",
                "Passed",
            ),
            (
                "name: ORDERS, consumer: billing, unacknowledged: {max: 0}",
                "unacknowledged.max",
            ),
            (
                "name: ORDERS, consumer: billing, redelivered: {min: 1}, delivered: {min: 9}",
                "Passed",
            ),
            (
                "name: ORDERS, consumer: billing, acknowledged: {min: 7}",
                "acknowledged.min",
            ),
            ("name: OTHER", "exists"),
            ("name: OTHER, exists: false", "Passed"),
            ("name: ORDERS, exists: false", "exists"),
        ] {
            assert_eq!(judged(rest), condition, "{rest}");
        }
    }
}

//! `queue:` a queue of a RabbitMQ broker is in this state.
//!
//! Asked through the management API (`GET /api/queues/%2F/<name>`) as the user `grader`, who may
//! only look.
//!
//! The numbers lag. The broker gathers them each `collect_statistics_interval`, and the management
//! plug-in takes them over at the smallest interval of its `sample_retention_policies`, five
//! seconds unless configured. The lab image sets both to one second, so that a number is at most
//! two seconds old (1.5 s seen); with the defaults almost six were seen. A failed look is
//! therefore repeated at least [`STATISTICS_LAG_RETRIES`] times, a second apart. A queue that has
//! just been declared has no numbers at all for a moment: these are waited for.

use std::{fmt::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request,
    header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue},
};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::domain::{check::QueueCheck, ids::Slug};

use super::{
    evidence::Evidence,
    http_client::{Answer, exchange},
    look::{Finding, Stop},
    machines::Machines,
    messages::{self, Count},
    reach::{self, Dialled},
};

/// Port of the management API.
const PORT: u16 = 15672;
/// Most bytes of its answer about one queue, whose consumers and channels are listed too.
const MAX_ANSWER: usize = 1024 * 1024;
/// How long to wait before asking again for numbers the broker does not have yet.
const NOT_YET: Duration = Duration::from_millis(500);
/// How often a failed look is repeated at least, so that numbers from before the learner's last
/// action do not count against them.
pub(super) const STATISTICS_LAG_RETRIES: u8 = 2;

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &QueueCheck,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let until = Instant::now() + within;
    reach::agent(machines, machine).await?;
    evidence.line("queue", format_args!("{} on {machine}", check.name));
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let state = match ask(machines, machine, &check.name, left, evidence).await? {
            Asked::State(state) => state,
            Asked::Missing => {
                evidence.line("seen", "no such queue");
                return Ok(if check.exists {
                    Finding::unmet("exists", messages::queue_missing(&check.name))
                } else {
                    Finding::Passed
                });
            }
        };
        if let Some(finding) = compare(check, &state) {
            evidence.line("seen", format_args!("{state:?}"));
            return Ok(finding);
        }
        if Instant::now() + NOT_YET >= until {
            evidence.line("seen", format_args!("{state:?}, and no more in time"));
            return Ok(Finding::Ungradable(messages::broker_silent(
                machine.as_str(),
            )));
        }
        sleep(NOT_YET).await;
    }
}

enum Asked {
    State(QueueState),
    Missing,
}

/// What the broker says of a queue. What it leaves out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct QueueState {
    name: String,
    durable: bool,
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

async fn ask<M: Machines>(
    machines: &M,
    machine: &Slug,
    name: &str,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Asked, Stop> {
    let silent = || {
        Stop::Found(Finding::Ungradable(messages::broker_silent(
            machine.as_str(),
        )))
    };
    let started = Instant::now();
    let (stream, _agent) = match reach::dial_port(machines, machine, PORT, within).await? {
        Dialled::Connected(stream, agent) => (stream, agent),
        Dialled::Refused => {
            evidence.line("broker", "refuses connections");
            return Err(silent());
        }
        Dialled::OutOfReach(reason) => {
            evidence.line("broker", reason);
            return Err(silent());
        }
    };
    let request = request(machine, name, machines.secret().expose()).map_err(Stop::Lab)?;
    let left = within.saturating_sub(started.elapsed());
    let answer = exchange(stream, request, left, MAX_ANSWER)
        .await
        .map_err(|error| {
            evidence.line("broker", error);
            silent()
        })?;
    read(&answer, name).map_err(|wrong| match wrong {
        Wrong::Refused(status) => Stop::Trouble(reach::Trouble::Ours(format!(
            "{machine}: the broker does not let the grader in (status {status})"
        ))),
        Wrong::Nonsense(reason) => {
            evidence.line("broker", reason);
            silent()
        }
    })
}

fn request(machine: &Slug, name: &str, secret: &str) -> Result<Request<Full<Bytes>>, String> {
    let login = format!("Basic {}", STANDARD.encode(format!("grader:{secret}")));
    let mut login = HeaderValue::try_from(login).map_err(|e| e.to_string())?;
    login.set_sensitive(true);
    Request::get(format!("/api/queues/%2F/{}", percent_encode(name)))
        .header(HOST, format!("{machine}:{PORT}"))
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, login)
        .body(Full::default())
        .map_err(|e| e.to_string())
}

/// RFC 3986: everything but unreserved characters.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// The broker does not know us.
    Refused(u16),
    /// Not what the API answers.
    Nonsense(String),
}

fn read(answer: &Answer, name: &str) -> Result<Asked, Wrong> {
    match answer.status.as_u16() {
        200 if !answer.truncated => {
            let state: QueueState =
                serde_json::from_slice(&answer.body).map_err(|e| Wrong::Nonsense(e.to_string()))?;
            if state.name == name {
                Ok(Asked::State(state))
            } else {
                Err(Wrong::Nonsense("it speaks of another queue".to_owned()))
            }
        }
        404 => Ok(Asked::Missing),
        status @ (401 | 403) => Err(Wrong::Refused(status)),
        status => Err(Wrong::Nonsense(format!("status {status}"))),
    }
}

/// The finding; `None` while the broker leaves out a number that is asked for.
fn compare(check: &QueueCheck, state: &QueueState) -> Option<Finding> {
    let QueueCheck {
        machine: _,
        name,
        exists,
        durable,
        ready,
        unacknowledged,
        consumers,
        published,
        acknowledged,
        redelivered,
    } = check;
    if !exists {
        return Some(Finding::unmet("exists", messages::queue_present(name)));
    }
    if let Some(durable) = durable
        && state.durable != *durable
    {
        return Some(Finding::unmet(
            "durable",
            messages::queue_durable(name, *durable),
        ));
    }
    let totals = &state.message_stats;
    for (what, wanted, seen) in [
        (Count::Ready, ready, state.messages_ready),
        (
            Count::Unacknowledged,
            unacknowledged,
            state.messages_unacknowledged,
        ),
        (Count::Consumers, consumers, state.consumers),
        (Count::Published, published, Some(totals.publish)),
        (Count::Acknowledged, acknowledged, Some(totals.ack)),
        (Count::Redelivered, redelivered, Some(totals.redeliver)),
    ] {
        if let Some(wanted) = wanted {
            let seen = seen?;
            if !wanted.holds(seen) {
                let text = messages::count(what, name, seen, *wanted);
                return Some(Finding::unmet(wanted.missed(what.name(), seen), text));
            }
        }
    }
    Some(Finding::Passed)
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, StatusCode};

    use super::*;
    use crate::{domain::check::CheckKind, grading::testing::check_kind};

    fn check(yaml: &str) -> QueueCheck {
        match check_kind(yaml) {
            CheckKind::Queue(check) => check,
            other => panic!("{other:?}"),
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
            truncated: false,
        }
    }

    fn state(body: &str) -> QueueState {
        match read(&answer(200, body), "orders") {
            Ok(Asked::State(state)) => state,
            _ => panic!("{body}"),
        }
    }

    #[test]
    fn a_queue_s_name_is_one_part_of_the_path() {
        assert_eq!(percent_encode("a/b ü?"), "a%2Fb%20%C3%BC%3F");
        let machine = "broker".parse().unwrap();
        let request = request(&machine, "a/b", "s3cret").unwrap();
        assert_eq!(request.uri(), "/api/queues/%2F/a%2Fb");
        assert_eq!(
            request.headers()[AUTHORIZATION],
            "Basic Z3JhZGVyOnMzY3JldA=="
        );
        assert!(!format!("{request:?}").contains("Z3JhZGVy"));
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
        assert_eq!(
            judged(r#"{"name":"orders","durable":true,"messages_ready":0}"#),
            Some(Finding::unmet(
                "ready.min",
                messages::count(
                    Count::Ready,
                    "orders",
                    0,
                    crate::domain::check::Range {
                        min: Some(3),
                        max: None
                    }
                )
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
    fn answers_that_are_not_the_api_s_are_no_observation() {
        assert!(matches!(
            read(&answer(404, "{}"), "orders"),
            Ok(Asked::Missing)
        ));
        assert!(matches!(
            read(&answer(401, ""), "orders"),
            Err(Wrong::Refused(401))
        ));
        for bad in [
            answer(200, "<html>"),
            answer(200, r#"{"name":"other","durable":true}"#),
            answer(
                200,
                r#"{"name":"orders","durable":true,"messages_ready":-1}"#,
            ),
            answer(500, ""),
            answer(302, ""),
            Answer {
                truncated: true,
                ..answer(200, r#"{"name":"orders","durable":true}"#)
            },
        ] {
            assert!(
                matches!(read(&bad, "orders"), Err(Wrong::Nonsense(_))),
                "{bad:?}"
            );
        }
    }
}

//! Where a message goes: a random one, published to a copy of the learner's exchange.

use std::{collections::BTreeSet, time::Duration};

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::domain::check::RouteProbe;

use super::{
    super::{
        look::{Finding, Stop},
        machines::Machines,
        messages,
    },
    Asking,
    management::{path, read},
    topology::{Copy, TooMuch, Topology},
};

/// The pause between two looks into the copied queues.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a message is waited for in queues that it must miss.
const SETTLED: Duration = Duration::from_millis(800);
/// How long a message is waited for at all, besides the time that queues hold it back.
const PATIENCE: Duration = Duration::from_secs(2);
/// What of the check's time is kept for tidying up.
const TIDYING: Duration = Duration::from_secs(3);

pub(super) async fn look<M: Machines>(
    asking: &mut Asking<'_, M>,
    probe: &RouteProbe,
    word: &str,
) -> Result<Finding, Stop> {
    let topology = Topology {
        exchanges: asking.list(&path("exchanges", &[])).await?,
        queues: asking.list(&path("queues", &[])).await?,
        bindings: asking.list(&path("bindings", &[])).await?,
    };
    for queue in probe.reaches.iter().chain(&probe.rejected_by) {
        if !topology.queues.iter().any(|q| q.name == *queue) {
            let text = messages::queue_missing(queue);
            return Ok(Finding::unmet("probe.reaches", text));
        }
    }
    let copy = match topology.copy(probe, word) {
        Ok(Some(copy)) => copy,
        Ok(None) => {
            let text = messages::exchange_missing(&probe.exchange);
            return Ok(Finding::unmet("probe.exchange", text));
        }
        Err(TooMuch) => {
            let text = messages::probe_too_much(&probe.exchange);
            return Ok(Finding::unmet("probe", text));
        }
    };
    let until = asking.until;
    asking.until = until.checked_sub(TIDYING).unwrap_or(until);
    let seen = send_and_watch(asking, probe, &copy, word).await;
    asking.until = until;
    remove(asking, &copy).await;
    let reached = seen?;
    asking.evidence.line(
        "the message came to",
        format_args!(
            "{reached:?}, published to {:?} with {:?}",
            probe.exchange, probe.key
        ),
    );
    Ok(judge(probe, &reached))
}

fn judge(probe: &RouteProbe, reached: &BTreeSet<String>) -> Finding {
    let RouteProbe { exchange, key, .. } = probe;
    if let Some(queue) = probe.reaches.iter().find(|q| !reached.contains(*q)) {
        let text = messages::probe_missed(exchange, key, queue);
        return Finding::unmet("probe.reaches", text);
    }
    if let Some(queue) = probe.misses.iter().find(|q| reached.contains(*q)) {
        let text = messages::probe_strayed(exchange, key, queue);
        return Finding::unmet("probe.misses", text);
    }
    Finding::Passed
}

/// Declares the copy, publishes, and looks where the message comes.
async fn send_and_watch<M: Machines>(
    asking: &mut Asking<'_, M>,
    probe: &RouteProbe,
    copy: &Copy,
    word: &str,
) -> Result<BTreeSet<String>, Stop> {
    for (name, declaration) in &copy.exchanges {
        make(
            asking,
            Method::PUT,
            &path("exchanges", &[name]),
            declaration,
        )
        .await?;
    }
    for (_, name, declaration) in &copy.queues {
        make(asking, Method::PUT, &path("queues", &[name]), declaration).await?;
    }
    for (from, kind, to, declaration) in &copy.bindings {
        let kind = kind.to_string();
        let path = path("bindings", &["e", from, &kind, to]);
        make(asking, Method::POST, &path, declaration).await?;
    }
    let message = json!({
        "properties": {"headers": probe.headers},
        "routing_key": probe.key,
        "payload": word,
        "payload_encoding": "string",
    });
    let publish = path("exchanges", &[&copy.entrance, "publish"]);
    make(asking, Method::POST, &publish, &message).await?;

    let published = Instant::now();
    let held_back = copy
        .queues
        .iter()
        .filter_map(|(_, _, declaration)| declaration["arguments"]["x-message-ttl"].as_u64())
        .fold(0, u64::saturating_add);
    let patience = PATIENCE.saturating_add(Duration::from_millis(held_back));
    let mut reached = BTreeSet::new();
    loop {
        for (original, name, _) in &copy.queues {
            if holds(asking, name, probe.rejected_by.contains(original), word).await? {
                reached.insert(original.clone());
            }
        }
        let all_there = probe.reaches.iter().all(|q| reached.contains(q));
        let settled = probe.misses.is_empty() || published.elapsed() >= SETTLED;
        let over = published.elapsed() >= patience || Instant::now() + AGAIN >= asking.until;
        if (all_there && settled) || over {
            return Ok(reached);
        }
        sleep(AGAIN).await;
    }
}

#[derive(Deserialize)]
struct Message {
    payload: String,
}

/// Whether the message is in a copied queue. Looking puts it back, or rejects it for good.
async fn holds<M: Machines>(
    asking: &mut Asking<'_, M>,
    queue: &str,
    reject: bool,
    word: &str,
) -> Result<bool, Stop> {
    let mode = if reject {
        "reject_requeue_false"
    } else {
        "ack_requeue_true"
    };
    let body = json!({"count": 5, "ackmode": mode, "encoding": "auto"});
    let get = path("queues", &[queue, "get"]);
    let answer = asking.call(Method::POST, &get, Some(&body)).await?;
    let messages: Option<Vec<Message>> = match read(&answer) {
        Ok(messages) => messages,
        Err(reason) => return Err(asking.silent(reason)),
    };
    Ok(messages.into_iter().flatten().any(|m| m.payload == word))
}

async fn make<M: Machines>(
    asking: &mut Asking<'_, M>,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<(), Stop> {
    let answer = asking.call(method, path, Some(body)).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    Err(asking.silent(format_args!("status {} for {path}: {said}", answer.status)))
}

/// Leaves nothing behind; what can't be removed now, the broker removes after a minute.
async fn remove<M: Machines>(asking: &mut Asking<'_, M>, copy: &Copy) {
    let queues = copy.queues.iter().map(|(_, name, _)| ("queues", name));
    let exchanges = copy.exchanges.iter().map(|(name, _)| ("exchanges", name));
    for (kind, name) in queues.chain(exchanges) {
        let path = path(kind, &[name]);
        match asking.call(Method::DELETE, &path, None).await {
            Ok(answer) if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND => {}
            Ok(answer) => {
                asking
                    .evidence
                    .line("left behind", format_args!("{name}: {}", answer.status));
            }
            Err(_) => {
                asking.evidence.line("left behind", name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_must_come_where_it_should_and_nowhere_it_should_not() {
        let probe: RouteProbe = serde_json::from_value(
            json!({"exchange": "e", "key": "k", "reaches": ["a", "b"], "misses": ["c"]}),
        )
        .unwrap();
        let judged = |queues: &[&str]| {
            let reached = queues.iter().map(|q| (*q).to_owned()).collect();
            match judge(&probe, &reached) {
                Finding::Failed { condition, .. } => condition,
                other => format!("{other:?}"),
            }
        };
        assert_eq!(judged(&["a", "b", "d"]), "Passed");
        assert_eq!(judged(&["a"]), "probe.reaches");
        assert_eq!(judged(&["a", "b", "c"]), "probe.misses");
    }
}

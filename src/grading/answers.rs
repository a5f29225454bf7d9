//! An `http:` look that also asks who it is that answers.
//!
//! The learner may hold a port themselves, and say by what their container or their pods should:
//! on a machine with an engine, a check may name the container that answers; behind a port of a
//! cluster's nodes there must be pods that the nodes run, always.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::domain::{
    check::HttpCheck,
    cluster::{CONTROL, NODES},
    ids::Slug,
};

use super::{
    docker,
    evidence::Evidence,
    http,
    kubernetes::{self, Behind, Nodes},
    look::{Finding, Stop},
    machines::Machines,
    messages,
};

/// How long a pod that has just become ready may be unknown: a node's view of its engine is up to
/// two seconds old. A look has this much more time than its check says.
const KNOWN: Duration = Duration::from_secs(4);
/// How long a deleted pod may still be led to.
const GONE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// `nodes` are those of the lab's cluster, if it has one. The whole may take longer than `within`,
/// which bounds its parts.
pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &HttpCheck,
    nodes: Option<Nodes>,
    nonce: &str,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let port = check.port;
    let nodes = nodes.filter(|_| machine.as_str() == NODES && !check.expect.refused);
    let Some(nodes) = nodes else {
        let seen = http::look(machines, machine, check, nonce, within, evidence).await?;
        return match &check.container {
            Some(name) if seen == Finding::Passed => {
                let until = Instant::now() + within;
                docker::answers(machines, machine, name, port, until, evidence).await
            }
            _ => Ok(seen),
        };
    };
    let known = Instant::now() + KNOWN;
    loop {
        // Only to be compared: what is behind the port must be so before and after.
        let before = behind(machines, port, nodes, within, evidence).await?;
        let seen = http::look(machines, machine, check, nonce, within, evidence).await?;
        if seen != Finding::Passed {
            return Ok(seen);
        }
        let after = behind(machines, port, nodes, within, evidence).await?;
        if after.is_some() && before == after {
            return Ok(seen);
        }
        evidence.line(
            "behind the port",
            format_args!("{before:?}, then {after:?}"),
        );
        if Instant::now() >= known {
            let text = messages::port_leads_elsewhere(port);
            return Ok(Finding::unmet("nodes", text));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Whether ports of the nodes, which a script asks, lead to pods that the nodes run. The script may
/// have deleted a pod: it has a moment until nothing leads there any more.
pub(super) async fn ports<M: Machines>(
    machines: &M,
    ports: &[u16],
    nodes: Nodes,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let gone = Instant::now() + GONE.min(within);
    for port in ports {
        let seen = settled(machines, *port, nodes, gone, within, evidence).await?;
        if seen.is_none() {
            let text = messages::port_leads_elsewhere(*port);
            return Ok(Finding::unmet("nodes", text));
        }
    }
    Ok(Finding::Passed)
}

/// What a port of the nodes leads to, once that is only to pods that the nodes run, or at the end
/// of a moment.
async fn settled<M: Machines>(
    machines: &M,
    port: u16,
    nodes: Nodes,
    end: Instant,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Option<Behind>, Stop> {
    loop {
        let seen = behind(machines, port, nodes, within, evidence).await?;
        if seen.is_some() || Instant::now() >= end {
            return Ok(seen);
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// What a port of the nodes leads to.
async fn behind<M: Machines>(
    machines: &M,
    port: u16,
    nodes: Nodes,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Option<Behind>, Stop> {
    let control = CONTROL
        .parse()
        .map_err(|_| Stop::Lab(format!("`{CONTROL}` is no name")))?;
    kubernetes::behind(machines, &control, port, nodes, within, evidence).await
}

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

/// How long a deleted pod may still be led to: it ends within its grace period, and a node's view of
/// its engine is a few seconds old.
const SETTLES: Duration = Duration::from_secs(10);
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
    // Only to be compared: what is behind the port must be so before and after.
    let before = match nodes {
        Some(nodes) => behind(machines, port, nodes, within, evidence).await?,
        None => None,
    };
    let seen = http::look(machines, machine, check, nonce, within, evidence).await?;
    if seen != Finding::Passed {
        return Ok(seen);
    }
    if let Some(nodes) = nodes {
        let after = behind(machines, port, nodes, within, evidence).await?;
        if after.is_none() || before != after {
            evidence.line(
                "behind the port",
                format_args!("{before:?}, then {after:?}"),
            );
            let text = messages::port_leads_elsewhere(port);
            return Ok(Finding::unmet("nodes", text));
        }
    }
    match &check.container {
        Some(name) => {
            let until = Instant::now() + within;
            docker::answers(machines, machine, name, port, until, evidence).await
        }
        None => Ok(seen),
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
    let settled = Instant::now() + SETTLES.min(within);
    for port in ports {
        while behind(machines, *port, nodes, within, evidence)
            .await?
            .is_none()
        {
            if Instant::now() >= settled {
                let text = messages::port_leads_elsewhere(*port);
                return Ok(Finding::unmet("nodes", text));
            }
            sleep(LOOK_AGAIN).await;
        }
    }
    Ok(Finding::Passed)
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

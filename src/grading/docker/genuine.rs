//! Whether who answers at the engine's socket is the machine's own Docker engine.
//!
//! The learner owns the socket and its folder, and could put a program of their own in its place
//! that says whatever a check would like to hear. So the agent hears only the process that listens
//! there, and a script of ours looks at this process before its words are believed: which program
//! it is, whose code it runs, with what settings it was started. What remains is someone who
//! rewrites the memory of the running engine.

use std::time::Duration;

use serde::Deserialize;
use slipway_agent::protocol::{ExecOutcome, ExecStatus};

use crate::domain::{check::RunAs, ids::Slug};

use super::{
    super::{
        command::note,
        evidence::Evidence,
        look::{Finding, Stop},
        machines::Machines,
        messages, reach,
    },
    is_called,
};

/// Looks at a process; see there for what it prints.
const SCRIPT: &str = include_str!("genuine.sh");

/// Root in name, with the learner's rights: that is who may look at the learner's processes in all
/// their namespaces and can't be traced by them.
const START: [&str; 7] = [
    "/usr/bin/setpriv",
    "--euid=1000",
    "--egid=1000",
    "--clear-groups",
    "/bin/busybox",
    "sh",
    "-c",
];

/// The machine's own engine.
#[derive(Debug, Clone)]
pub(super) struct Own {
    /// Its process.
    pub(super) pid: u32,
    images: Vec<Stock>,
}

/// An image that the machine came with, as an image archive's manifest lists it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stock {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
}

impl Own {
    /// The ids of the images that the machine had under a name from the start; empty when the name
    /// was free.
    pub(super) fn stock(&self, wanted: &str) -> Vec<String> {
        let called = |stock: &&Stock| {
            let tags = stock.repo_tags.iter().flatten();
            tags.into_iter().any(|tag| is_called(tag, wanted))
        };
        let id = |stock: &Stock| {
            let digest = stock.config.trim_end_matches(".json");
            format!("sha256:{digest}")
        };
        self.images.iter().filter(called).map(id).collect()
    }
}

/// Looks at the process that listens at the socket; with a port, also whether that engine holds
/// this port of the machine.
pub(super) async fn prove<M: Machines>(
    machines: &M,
    machine: &Slug,
    pid: u32,
    port: Option<u16>,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Own, Stop> {
    let port = port.map(|port| port.to_string()).unwrap_or_default();
    let (name, pid_text) = ("genuine".to_owned(), pid.to_string());
    let argv = START.map(str::to_owned).into_iter();
    let argv = argv.chain([SCRIPT.to_owned(), name, pid_text, port]);
    let request = reach::request(RunAs::Root, argv, "/", within);
    let outcome = reach::exec(machines, machine, &request).await?;
    match &outcome.status {
        ExecStatus::Exited { code: 0 } => Ok(Own {
            pid,
            images: images(&outcome),
        }),
        ExecStatus::Exited { code: 1 } => {
            note(&outcome, evidence);
            let not_the_port = outcome.stdout.starts_with(b"port:");
            Err(if not_the_port {
                Stop::Found(Finding::Failed {
                    condition: PORT.to_owned(),
                    observation: None,
                })
            } else {
                let text = messages::engine_forged(machine.as_str());
                Stop::Found(Finding::unmet(ENGINE, text))
            })
        }
        // Stopped from inside, or a machine whose image is not as agreed.
        _ => {
            note(&outcome, evidence);
            let text = messages::engine_silent(machine.as_str());
            Err(Stop::Found(Finding::Ungradable(text)))
        }
    }
}

/// The condition that the machine's own engine answers.
pub(super) const ENGINE: &str = "engine";
/// The condition that the engine holds the port.
pub(super) const PORT: &str = "container";

fn images(outcome: &ExecOutcome) -> Vec<Stock> {
    let text = String::from_utf8_lossy(&outcome.stdout);
    let Some((_, manifest)) = text.split_once("images:\n") else {
        return Vec::new();
    };
    serde_json::from_str(manifest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_s_images_are_known_by_their_names_and_content() {
        let manifest = br#"images:
[{"Config": "aa.json", "RepoTags": ["busybox:1.37", "busybox:latest"]},
 {"Config": "bb.json", "RepoTags": null}]"#;
        let outcome = ExecOutcome {
            status: ExecStatus::Exited { code: 0 },
            stdout: manifest.to_vec(),
            stderr: Vec::new(),
            stdout_truncated: false,
            stderr_truncated: false,
            duration_ms: 1,
        };
        let own = Own {
            pid: 7,
            images: images(&outcome),
        };
        assert_eq!(own.stock("busybox"), ["sha256:aa"]);
        assert_eq!(own.stock("busybox:1.37"), ["sha256:aa"]);
        assert!(own.stock("busybox:2").is_empty());
        assert!(own.stock("nginx").is_empty());
    }
}

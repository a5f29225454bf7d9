//! Rules in the host's firewall that keep sandboxes from the host's services and from private
//! networks, where the engine itself cannot.
//!
//! They name the bridges by our prefix, so that they hold for every sandbox of every installation on
//! the host, whatever its addresses; and they are checked before they are added, so that repeating
//! changes nothing.

use std::{process::Stdio, time::Duration};

use tokio::process::Command;

use super::{client::DockerEngine, network::BRIDGE_PREFIX};

/// How long one call of `iptables` may take; it waits for its lock at most half of that.
const LIMIT: Duration = Duration::from_secs(10);

/// Where a lab with a way out still must not get: private, shared, link-local (with the metadata
/// services of clouds), multicast and reserved addresses.
const PRIVATE: [&str; 7] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
];

/// The rules, each as chain and condition; all of them drop.
fn rules() -> Vec<(&'static str, Vec<String>)> {
    let bridges = format!("{BRIDGE_PREFIX}+");
    let from_sandboxes = |more: &[&str]| -> Vec<String> {
        ["-i", &bridges]
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    };
    // Whatever address of the host they try.
    let mut rules = vec![("INPUT", from_sandboxes(&[]))];
    // Between machines of one sandbox a packet leaves where it came in; between sandboxes the engine's
    // own rules drop it.
    rules.extend(PRIVATE.iter().map(|range| {
        (
            "DOCKER-USER",
            from_sandboxes(&["!", "-o", &bridges, "-d", range]),
        )
    }));
    rules
}

impl DockerEngine {
    /// Puts the rules in place, once for each run of the server; without them sandboxes work, and
    /// `info` says what is missing.
    pub(super) async fn secure_host(&self) {
        if self.firewall_done.initialized() || self.has_isolated_gateway().await == Ok(true) {
            return;
        }
        match self.ensure_firewall().await {
            Ok(()) => {
                // Only marks that it was done.
                let _ = self.firewall_done.set(());
            }
            Err(why) => tracing::warn!("sandboxes may reach services of this host: {why}"),
        }
    }

    /// Adds the rules that are missing; says why where it can't.
    pub(super) async fn ensure_firewall(&self) -> Result<(), String> {
        if !self.config().firewall {
            return Err("the configuration forbids changes to the firewall".to_owned());
        }
        if !self.is_local() {
            return Err(
                "the engine runs on another machine, whose firewall is out of reach".into(),
            );
        }
        for (chain, condition) in rules() {
            if !iptables("-C", chain, &condition).await?
                && !iptables("-I", chain, &condition).await?
            {
                return Err(format!(
                    "iptables refused a rule in {chain}: is the server root on the engine's host?"
                ));
            }
        }
        Ok(())
    }
}

async fn iptables(verb: &str, chain: &str, condition: &[String]) -> Result<bool, String> {
    let wait = (LIMIT.as_secs() / 2).to_string();
    let call = Command::new("iptables")
        .args(["-w", &wait, verb, chain])
        .args(condition)
        .args(["-j", "DROP"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    match tokio::time::timeout(LIMIT, call).await {
        Ok(Ok(status)) => Ok(status.success()),
        Ok(Err(error)) => Err(format!("iptables can't be run ({error})")),
        Err(_) => Err(format!("iptables took longer than {} s", LIMIT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_our_bridges_alone() {
        for (_, condition) in rules() {
            assert_eq!(condition[..2], ["-i", "slw+"]);
        }
    }
}

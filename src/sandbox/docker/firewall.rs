//! The way to the internet, for labs that ask for it: open to public addresses alone.
//!
//! Isolated networks need nothing of this: their bridges have no address of the host. A network with
//! a way out has one, so a table in the host's firewall keeps its machines from the host itself, from
//! private networks and from metadata services. Where it can't be put in place, such labs are
//! refused. The rules name bridges by our prefix, so they are the same for every installation on the
//! host, and loading them again replaces them.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncWriteExt, process::Command};

use super::{client::DockerEngine, network::BRIDGE_PREFIX};
use crate::sandbox::engine::EngineError;

/// How long loading the table may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Everything but public addresses: private, shared, link-local (with the metadata services of
/// clouds), documentation, benchmarking, multicast and reserved.
const CLOSED: [&str; 11] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
];

impl DockerEngine {
    /// Puts the table in place and gives the name servers to use; says why where it can't.
    pub(super) async fn open_the_way_out(&self) -> Result<Vec<String>, EngineError> {
        self.way_out(&["-f", "-"]).await
    }

    /// Why a lab would get no way out, without changing anything.
    pub(super) async fn why_no_way_out(&self) -> Option<String> {
        let checked = self.way_out(&["--check", "-f", "-"]).await;
        checked.err().map(|error| error.to_string())
    }

    /// Puts the table in place for bridges that have an address of the host but no way out: without
    /// name servers too.
    pub(super) async fn close_the_host(&self) -> Result<(), String> {
        self.closing(&["-f", "-"]).await
    }

    /// Why the host would stay open to such bridges, without changing anything.
    pub(super) async fn why_not_closed(&self) -> Option<String> {
        self.closing(&["--check", "-f", "-"]).await.err()
    }

    async fn closing(&self, arguments: &[&str]) -> Result<(), String> {
        self.may_change_firewall()?;
        load(&table(&self.resolvers().await), arguments).await
    }

    fn may_change_firewall(&self) -> Result<(), String> {
        if !self.config().firewall {
            return Err("the configuration forbids changes to the firewall".into());
        }
        if !self.is_local() {
            return Err(
                "the engine runs on another machine, whose firewall is out of reach".into(),
            );
        }
        Ok(())
    }

    async fn way_out(&self, arguments: &[&str]) -> Result<Vec<String>, EngineError> {
        let refused = |why: String| {
            EngineError::Other(format!("labs get no way to the internet here: {why}"))
        };
        self.may_change_firewall().map_err(refused)?;
        let resolvers = self.resolvers().await;
        if resolvers.is_empty() {
            return Err(refused("no name server is configured for them".into()));
        }
        load(&table(&resolvers), arguments).await.map_err(refused)?;
        Ok(resolvers.iter().map(Ipv4Addr::to_string).collect())
    }

    async fn resolvers(&self) -> Vec<Ipv4Addr> {
        let configured = &self.config().resolvers;
        if !configured.is_empty() {
            return configured.clone();
        }
        tokio::fs::read_to_string("/etc/resolv.conf")
            .await
            .map(|text| name_servers(&text))
            .unwrap_or_default()
    }
}

/// The name servers of a `resolv.conf` that a machine could ask itself.
fn name_servers(resolv_conf: &str) -> Vec<Ipv4Addr> {
    resolv_conf
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver")?.trim().parse().ok())
        .filter_map(|address| match address {
            IpAddr::V4(address) if !address.is_loopback() => Some(address),
            _ => None,
        })
        .collect()
}

/// The table in the language of `nft`. A drop in any table is final, so it holds beside whatever the
/// engine and the operator have.
fn table(resolvers: &[Ipv4Addr]) -> String {
    let resolvers: Vec<String> = resolvers.iter().map(Ipv4Addr::to_string).collect();
    // An empty list is no list to nft.
    let resolvers = if resolvers.is_empty() {
        String::new()
    } else {
        format!("elements = {{ {} }} ", resolvers.join(", "))
    };
    let closed = CLOSED.join(", ");
    let ours = format!("\"{BRIDGE_PREFIX}*\"");
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "table inet slipway {{}}
delete table inet slipway
table inet slipway {{
  set resolvers {{ type ipv4_addr; {resolvers}}}
  set closed {{ type ipv4_addr; flags interval; elements = {{ {closed} }} }}
  chain input {{
    type filter hook input priority -10; policy accept;
    iifname {ours} drop
  }}
  chain forward {{
    type filter hook forward priority -10; policy accept;
    iifname {ours} oifname {ours} accept
    iifname {ours} meta nfproto ipv6 drop
    iifname {ours} ip daddr @resolvers meta l4proto {{ tcp, udp }} th dport 53 accept
    iifname {ours} ip daddr @closed drop
    oifname {ours} ct state established,related accept
    oifname {ours} drop
  }}
}}
"
    );
    text
}

async fn load(table: &str, arguments: &[&str]) -> Result<(), String> {
    let work = async {
        let mut nft = Command::new("nft")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("the program nft can't be run ({e}): install nftables"))?;
        if let Some(mut stdin) = nft.stdin.take() {
            // A broken pipe: its message below says why.
            let _ = stdin.write_all(table.as_bytes()).await;
        }
        let done = nft.wait_with_output().await.map_err(|e| e.to_string())?;
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&done.stderr);
        let first = said.lines().next().unwrap_or("no reason given");
        Err(format!(
            "nft refused the rules ({first}): is the server root on the engine's host?"
        ))
    };
    tokio::time::timeout(LIMIT, work)
        .await
        .map_err(|_| format!("nft took longer than {} s", LIMIT.as_secs()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_our_bridges() {
        let text = table(&[Ipv4Addr::new(9, 9, 9, 9)]);
        let rules: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|l| l.ends_with("drop") || l.ends_with("accept"))
            .collect();
        assert_eq!(rules.len(), 7);
        assert!(rules.iter().all(|rule| rule.contains("\"slw-*\"")));
    }

    #[test]
    fn without_name_servers_the_table_names_none() {
        let none = table(&[]);
        assert!(none.contains("set resolvers { type ipv4_addr; }"), "{none}");
        let one = table(&[Ipv4Addr::new(9, 9, 9, 9)]);
        assert!(
            one.contains("set resolvers { type ipv4_addr; elements = { 9.9.9.9 } }"),
            "{one}"
        );
    }

    #[test]
    fn a_resolver_on_the_host_s_own_loopback_is_no_resolver_for_machines() {
        let text =
            "# made by hand\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nnameserver fe80::1\n";
        assert_eq!(name_servers(text), [Ipv4Addr::new(10, 0, 0, 2)]);
    }
}

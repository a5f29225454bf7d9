//! A network for each sandbox, out of our own pool.

use bollard::{
    models::{Ipam, IpamConfig, NetworkCreateRequest},
    query_parameters::ListNetworksOptions,
};

use super::{client::DockerEngine, error::within, labels, podman};
use crate::{
    domain::lab::Network,
    sandbox::{
        engine::{EngineError, SandboxSpec},
        network::{Subnet, routed_ranges},
    },
};

/// How often another subnet is tried when somebody else was quicker.
const ATTEMPTS: u32 = 8;

/// Our bridges' names start with this, which is what firewall rules match.
pub(super) const BRIDGE_PREFIX: &str = "slw-";

/// The option that names the bridge.
pub(super) const BRIDGE_NAME: &str = "com.docker.network.bridge.name";

/// A network that exists.
#[derive(Debug, Clone)]
pub(super) struct SandboxNetwork {
    pub(super) name: String,
    pub(super) subnet: Subnet,
    /// Where the engine forwards questions for names it does not know.
    pub(super) name_servers: Vec<String>,
}

/// The machine itself, where nothing answers unless the learner puts it there. Without it the engine
/// asks the host's servers on behalf of an isolated machine, and names are a way out.
const NOBODY: &str = "127.0.0.1";

impl DockerEngine {
    pub(super) async fn create_network(
        &self,
        spec: &SandboxSpec,
    ) -> Result<SandboxNetwork, EngineError> {
        let _allocation = self.allocation.lock().await;
        let docker = self.docker().await?;
        let name = format!("slipway-{}-g{}", spec.id, spec.generation);
        let name_servers = match spec.network {
            Network::Isolated => vec![NOBODY.to_owned()],
            Network::Internet => self.open_the_way_out().await?,
        };
        let is_podman = self.is_podman().await?;
        if is_podman && let Err(error) = self.close_the_host().await {
            // The doctor says so too; whether that will do is the operator's to judge.
            tracing::warn!(sandbox.id = %spec.id, "the host stays open to sandboxes: {error}");
        }
        let mut taken = self.taken_subnets().await?;
        let isolated_gateway = self.has_isolated_gateway().await?;
        // The id's random end spreads servers and sandboxes over the pool.
        let id = spec.id.to_string();
        let from = u32::from_str_radix(&id[id.len() - 8..], 16).unwrap_or(0);
        for _ in 0..ATTEMPTS {
            let Some(subnet) = self.config().pool.allocate(&taken, from) else {
                return Err(EngineError::OutOfRoom(format!(
                    "every network of {} is in use",
                    self.config().pool.range()
                )));
            };
            let mut request = request(self, spec, &name, subnet, isolated_gateway);
            if is_podman {
                request.options =
                    Some(podman::network_options(request.options.unwrap_or_default()));
            }
            let made = within(
                "create a network",
                self.timeouts().create,
                docker.create_network(request),
            )
            .await;
            match made {
                Ok(_) => {
                    return Ok(SandboxNetwork {
                        name,
                        subnet,
                        name_servers,
                    });
                }
                Err(EngineError::Conflict(_)) => taken.push(subnet),
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::Conflict(
            "others keep taking the subnets that were free".to_owned(),
        ))
    }

    /// The subnets of every network of the engine, whoever made it, and where the engine is on this
    /// machine also the ranges it has routes to.
    async fn taken_subnets(&self) -> Result<Vec<Subnet>, EngineError> {
        let docker = self.docker().await?;
        let networks = within(
            "list networks",
            self.timeouts().question,
            docker.list_networks(None::<ListNetworksOptions>),
        )
        .await?;
        let mut taken: Vec<Subnet> = networks
            .into_iter()
            .filter_map(|n| n.ipam?.config)
            .flatten()
            .filter_map(|c| c.subnet?.parse().ok())
            .collect();
        if self.is_local()
            && let Ok(routes) = tokio::fs::read_to_string("/proc/net/route").await
        {
            taken.extend(routed_ranges(&routes));
        }
        Ok(taken)
    }
}

fn request(
    engine: &DockerEngine,
    spec: &SandboxSpec,
    name: &str,
    subnet: Subnet,
    isolated_gateway: bool,
) -> NetworkCreateRequest {
    let internal = spec.network == Network::Isolated;
    let mut options = vec![
        (BRIDGE_NAME, bridge_name(spec)),
        ("com.docker.network.bridge.enable_icc", "true".to_owned()),
        (
            "com.docker.network.bridge.enable_ip_masquerade",
            (!internal).to_string(),
        ),
    ];
    if internal {
        // Without an address on the bridge there is nothing of the host to talk to. Newer engines
        // have a mode for it, the older ones an option.
        options.push(if isolated_gateway {
            (
                "com.docker.network.bridge.gateway_mode_ipv4",
                "isolated".to_owned(),
            )
        } else {
            ("com.docker.network.bridge.inhibit_ipv4", "true".to_owned())
        });
    }
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        internal: Some(internal),
        attachable: Some(false),
        enable_ipv6: Some(false),
        ipam: Some(Ipam {
            driver: Some("default".to_owned()),
            config: Some(vec![IpamConfig {
                subnet: Some(subnet.to_string()),
                gateway: (!internal).then(|| subnet.gateway().to_string()),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        options: Some(
            options
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        ),
        labels: Some(labels::of_sandbox(engine.instance(), spec)),
        ..NetworkCreateRequest::default()
    }
}

/// At most 15 bytes, the kernel's limit: the end of the id is its random part.
fn bridge_name(spec: &SandboxSpec) -> String {
    let id = spec.id.to_string();
    let tail = &id[id.len() - 9..];
    format!("{BRIDGE_PREFIX}{tail}{:02x}", spec.generation & 0xff)
}

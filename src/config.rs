//! What an operator can set: `slipway.toml`, then the environment (`SLIPWAY_…`), over defaults.
//!
//! The only place that reads the environment.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::domain::{
    cluster::ClusterEnvironment,
    quantity::{ByteSize, Span},
    sandbox::WarmLabs,
};

/// The settings of a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where browsers reach it; decides whether cookies are marked `Secure`. This machine by its
    /// own name and port when left out.
    pub public_url: String,
    /// The host name whose subdomains show what runs in sandboxes, with a port unless it is that of
    /// `public_url`.
    pub preview_host: String,
    /// Where the container engine listens, as in `DOCKER_HOST`, which is used when this is left
    /// out; else the default socket.
    pub engine_host: Option<String>,
    /// The folder of the database and logs.
    pub data_dir: PathBuf,
    /// The folder of courses and of `images/`.
    pub labs_dir: PathBuf,
    /// The folder of style sheets, icons and built scripts.
    pub static_dir: PathBuf,
    /// The agent's static binary; beside this program when left out.
    pub agent_binary: Option<PathBuf>,
    /// Build arguments for every lab image, such as `http_proxy`.
    pub image_build_args: BTreeMap<String, String>,
    /// How many sandboxes run at once.
    pub max_sandboxes: usize,
    /// How many sandboxes one learner may have at once.
    pub max_sandboxes_per_learner: u32,
    /// How many sandboxes of each kind are made in advance.
    pub warm_sandboxes: usize,
    /// Of which labs.
    pub warm_labs: WarmLabs,
    /// Memory that all sandboxes together may be promised; four fifths of the engine's when left
    /// out.
    pub sandbox_memory: Option<ByteSize>,
    /// The private range that sandboxes' networks are cut from.
    pub sandbox_subnets: String,
    /// The name servers of sandboxes whose lab reaches the internet. Isolated ones have none.
    pub sandbox_resolvers: Vec<Ipv4Addr>,
    /// The kinds of Kubernetes clusters that labs can have.
    pub kubernetes_environments: Vec<ClusterEnvironment>,
    /// How much each learner may keep in the class mirror; `0MiB` makes it one for pulling only.
    pub mirror_quota: ByteSize,
    /// After how many days without a push what a learner keeps in the class mirror goes away.
    pub mirror_keep_days: u16,
    /// A registry from which the class mirror fetches, and keeps, what it has not, such as
    /// `https://registry-1.docker.io`. None when left out: the mirror has no network then.
    pub mirror_upstream: Option<String>,
    /// How long one stays signed in without using the server.
    pub login_lifetime: Span,
    /// How many proxies in front of the server add to `X-Forwarded-For`; 0 takes the connection's
    /// address.
    pub trusted_proxies: u8,
    /// What is logged, in the syntax of `tracing`'s `EnvFilter`.
    pub log: String,
    /// Whether logs are JSON lines.
    pub log_json: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            public_url: String::new(),
            preview_host: "localhost".to_owned(),
            engine_host: None,
            data_dir: PathBuf::from("data"),
            labs_dir: PathBuf::from("labs"),
            static_dir: PathBuf::from("static"),
            agent_binary: None,
            image_build_args: BTreeMap::new(),
            max_sandboxes: 50,
            max_sandboxes_per_learner: 2,
            warm_sandboxes: 1,
            warm_labs: WarmLabs::Clusters,
            sandbox_memory: None,
            sandbox_subnets: "10.213.0.0/16".to_owned(),
            sandbox_resolvers: Vec::new(),
            kubernetes_environments: ClusterEnvironment::built_in().into_iter().collect(),
            mirror_quota: ByteSize::mib(512),
            mirror_keep_days: 30,
            mirror_upstream: None,
            login_lifetime: Span::minutes(7 * 24 * 60),
            trusted_proxies: 0,
            log: "info,slipway=info".to_owned(),
            log_json: false,
        }
    }
}

/// The agent's file beside the program. Not the name that a plain `cargo build` gives the agent,
/// which is not static.
const AGENT_FILE: &str = "slipway-agent.static";

/// Variables that scripts read for themselves; none of ours.
const SCRIPTS_OWN: [&str; 4] = [
    "debian_mirror",
    "debian_arch",
    "engine_log",
    "engine_pidfile",
];

/// The settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or variable does not parse; names it.
    #[error("settings: {0}")]
    Invalid(#[from] Box<figment::Error>),
    /// The public address is no address.
    #[error("settings: public_url must begin with http:// or https://, found `{0}`")]
    PublicUrl(String),
    /// The host of previews is no host.
    #[error(
        "settings: preview_host must be a host name such as preview.example.org, in lower-case \
         letters, with or without a port, found `{0}`"
    )]
    PreviewHost(String),
}

impl Config {
    /// Reads `slipway.toml` of the current folder, if there is one, and the environment.
    pub fn load() -> Result<Self, ConfigError> {
        let mut config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file("slipway.toml"))
            .merge(Env::prefixed("SLIPWAY_").ignore(&SCRIPTS_OWN))
            .extract()
            .map_err(Box::new)?;
        if config.engine_host.is_none() {
            config.engine_host = std::env::var("DOCKER_HOST").ok().filter(|h| !h.is_empty());
        }
        if config.public_url.is_empty() {
            config.public_url = format!("http://localhost:{}", config.listen.port());
        }
        let url = &config.public_url;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(ConfigError::PublicUrl(url.clone()));
        }
        if !is_preview_host(&config.preview_host) {
            return Err(ConfigError::PreviewHost(config.preview_host));
        }
        Ok(config)
    }

    /// Whether browsers come over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The host name below which previews are, and their port if one is set.
    pub fn preview_host(&self) -> (&str, Option<u16>) {
        match self.preview_host.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (&self.preview_host, None),
        }
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("slipway.db")
    }

    /// The folder of the lab images' Dockerfiles.
    pub fn images_dir(&self) -> PathBuf {
        self.labs_dir.join("images")
    }

    /// The agent's binary: as set, or beside this program.
    pub fn agent_path(&self) -> PathBuf {
        self.agent_binary.clone().unwrap_or_else(|| {
            std::env::current_exe()
                .ok()
                .and_then(|exe| exe.parent().map(|dir| dir.join(AGENT_FILE)))
                .unwrap_or_else(|| PathBuf::from(AGENT_FILE))
        })
    }
}

/// Longest name that leaves room for a label of 63 characters and its dot (RFC 1035, 2.3.4).
const MAX_PREVIEW_HOST: usize = 253 - 64;

fn is_preview_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "1"));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // An address has no subdomains.
    let is_address = host.parse::<Ipv4Addr>().is_ok();
    host.len() <= MAX_PREVIEW_HOST
        && host.split('.').all(is_label)
        && !is_address
        && port.parse::<std::num::NonZeroU16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_valid_setting() {
        let read: Config = Figment::from(Serialized::defaults(Config::default()))
            .extract()
            .unwrap();
        assert_eq!(read.listen, Config::default().listen);
        assert_eq!(read.login_lifetime, Config::default().login_lifetime);
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string("max_sandboxs = 3"))
            .extract::<Config>()
            .unwrap_err();
        assert!(error.to_string().contains("max_sandboxs"));
    }

    #[test]
    fn the_host_of_previews_is_a_host_name() {
        for good in ["localhost", "preview.example.org", "a-b.example:8443"] {
            assert!(is_preview_host(good), "{good}");
        }
        for bad in [
            "",
            ".",
            ".localhost",
            "localhost.",
            "*.example.org",
            "Preview.example.org",
            "a b",
            "example.org:",
            "example.org:0",
            "example.org:x",
            "https://example.org",
            "10.0.0.1",
            "[::1]",
            "-a.example",
            "预览.example",
            &"a.".repeat(100),
        ] {
            assert!(!is_preview_host(bad), "{bad}");
        }
        let config = |host: &str| Config {
            preview_host: host.to_owned(),
            ..Config::default()
        };
        assert_eq!(config("a.example").preview_host(), ("a.example", None));
        assert_eq!(
            config("a.example:8443").preview_host(),
            ("a.example", Some(8443))
        );
    }
}

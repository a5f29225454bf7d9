//! The class mirror: a registry that the server runs for its learners.
//!
//! One container holds Debian's docker-registry with the images that labs pull. It is in no
//! sandbox's network. A sandbox reaches it over its grader machine: the agent there hands each
//! connection to the server ([`gateway`]), which takes the request apart, asks whether this learner
//! may ([`names`]), counts what they upload ([`room`]) and passes it on ([`proxy`]).

mod gateway;
mod names;
mod proxy;
mod room;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use slipway_agent::{
    client::{AgentClient, AgentError, DialStream},
    protocol::{DialTarget, ErrorCode, ExecRequest, RunAs},
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, timeout},
};

pub use self::names::Namespace;
use self::room::Measured;
use super::App;
use crate::{
    domain::{ids::Slug, quantity::ByteSize},
    sandbox::{EngineError, ServiceSpec, images::ImageState},
};

/// The image, and the service's name.
const NAME: &str = "registry";
/// The name under which sandboxes know the mirror.
const HOST: &str = "mirror";
/// Memory of the registry's processes.
const MEMORY: ByteSize = ByteSize::mib(256);
/// Its processor time in cores.
const CPUS: f64 = 1.0;
/// Where its image keeps what was pushed.
const DATA: &str = "/var/lib/mirror";
/// How long its container may take to be made and its agent to answer.
const START: Duration = Duration::from_mins(1);
/// How long the registry may take to listen: it tidies up when it starts.
const LISTENS: Duration = Duration::from_secs(20);
/// Between two tries.
const RETRY: Duration = Duration::from_millis(200);
/// How long measuring may take.
const MEASURE: Duration = Duration::from_secs(10);

/// What the server knows of the mirror. All of it is found again after a restart.
#[derive(Debug)]
pub struct Mirror {
    agent: Mutex<Option<AgentClient>>,
    gateways: gateway::Gateways,
    rooms: room::Rooms,
    requests: Arc<Semaphore>,
}

impl Default for Mirror {
    fn default() -> Self {
        Self {
            agent: Mutex::default(),
            gateways: gateway::Gateways::default(),
            rooms: room::Rooms::default(),
            requests: Arc::new(Semaphore::new(proxy::REQUESTS)),
        }
    }
}

/// Why the registry can't be reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum MirrorError {
    #[error("its image is not built yet")]
    NotReady,
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error("it did not start in time")]
    Slow,
    #[error("its usage can't be read: {0}")]
    Usage(String),
}

/// The image of the registry.
pub(super) fn image() -> Slug {
    slug(NAME)
}

/// The name under which a sandbox's machines reach the mirror.
pub(super) fn host() -> Slug {
    slug(HOST)
}

fn slug(constant: &str) -> Slug {
    constant
        .parse()
        .unwrap_or_else(|_| unreachable!("`{constant}` is a valid name"))
}

/// What learners' shells know of the mirror: its address and the learner's own name space there.
pub(super) fn learner_env(own: &Namespace) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("REGISTRY".to_owned(), format!("{HOST}:{}", gateway::PORT)),
        ("NAMESPACE".to_owned(), own.as_str().to_owned()),
    ])
}

/// What start scripts of images know of the mirror: nested engines take it for their mirror of
/// Docker Hub.
pub(super) fn service_env() -> BTreeMap<String, String> {
    let address = format!("http://{HOST}:{}", gateway::PORT);
    BTreeMap::from([("SLIPWAY_REGISTRY_MIRROR".to_owned(), address)])
}

impl App {
    /// Makes sure that the mirror runs, so that the first who asks need not wait. What goes wrong is
    /// told to whoever asks.
    pub(super) fn warm_mirror(&self) {
        let app = self.clone();
        self.tasks.spawn(async move {
            let stop = app.stop.clone();
            let warmed = stop.run_until_cancelled(app.mirror_agent()).await;
            if let Some(Err(error)) = warmed {
                tracing::warn!(%error, "the class mirror can't be started");
            }
        });
    }

    /// The agent of the registry's container, which is made when there is none.
    pub(super) async fn mirror_agent(&self) -> Result<AgentClient, MirrorError> {
        // Held while connecting, so that many who ask start it once.
        let mut known = self.mirror.agent.lock().await;
        if let Some(agent) = known.as_ref().filter(|agent| !agent.is_closed()) {
            return Ok(agent.clone());
        }
        *known = None;
        let agent = timeout(START, self.start_mirror())
            .await
            .map_err(|_| MirrorError::Slow)??;
        *known = Some(agent.clone());
        Ok(agent)
    }

    async fn start_mirror(&self) -> Result<AgentClient, MirrorError> {
        let ImageState::Ready { tag } = self.images.state(&image()) else {
            return Err(MirrorError::NotReady);
        };
        let config = &self.config;
        let mut env = BTreeMap::from([(
            "SLIPWAY_MIRROR_KEEP_DAYS".to_owned(),
            config.mirror_keep_days.to_string(),
        )]);
        if let Some(upstream) = &config.mirror_upstream {
            env.insert("SLIPWAY_MIRROR_UPSTREAM".to_owned(), upstream.clone());
        }
        let spec = ServiceSpec {
            name: slug(NAME),
            image: tag,
            memory: MEMORY,
            cpus: CPUS,
            env,
            data: DATA,
            internet: config.mirror_upstream.is_some(),
        };
        self.engine.keep_service(&spec).await?;
        let stream = self.engine.connect_service(&spec.name).await?;
        let (agent, driver) = AgentClient::handshake(stream).await?;
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(driver).await;
        });
        agent.info().await?;
        Ok(agent)
    }

    /// A connection to the registry.
    async fn dial_mirror(&self, port: u16) -> Result<DialStream, MirrorError> {
        let started = Instant::now();
        loop {
            let agent = self.mirror_agent().await?;
            match agent.dial(&DialTarget::local(port)).await {
                Ok(stream) => return Ok(stream),
                // The container runs before the registry in it listens, and nothing tells when.
                Err(error)
                    if error.code() == Some(ErrorCode::Unreachable)
                        && started.elapsed() < LISTENS =>
                {
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How much room a name space takes, and how much there is.
    async fn measure_mirror(&self, own: &Namespace) -> Result<Measured, MirrorError> {
        let agent = self.mirror_agent().await?;
        let request = ExecRequest::new(RunAs::Root, ["/usr/lib/slipway/usage", own.as_str()])
            .timeout(MEASURE);
        let outcome = agent.exec(&request).await?;
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        let figures: Vec<u64> = text
            .split_whitespace()
            .filter_map(|figure| figure.parse().ok())
            .collect();
        match figures.as_slice() {
            [used, free] if outcome.succeeded() => Ok(Measured {
                used: *used,
                free: *free,
            }),
            _ => Err(MirrorError::Usage(super::describe_outcome(&outcome))),
        }
    }

    /// Removes the mirror with everything in it, for whoever tidies up after tests.
    pub async fn remove_mirror(&self) -> Result<(), EngineError> {
        *self.mirror.agent.lock().await = None;
        self.engine.remove_service(&slug(NAME)).await
    }
}

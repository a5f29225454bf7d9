//! Starting and ending the program.

use std::{os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::token,
    config::{Config, ConfigError},
    domain::clock::Clock,
    sandbox::{
        docker::{DockerConfig, DockerEngine, ImageBuilder, InvalidInstance, Timeouts},
        images::ImageCatalog,
        network::SubnetPool,
    },
    services::{App, Parts, ServiceError, grading::GRADERS, images::Images},
    store::{Store, StoreError},
};

/// How long background work may take to end after the signal.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The setting that names this installation on the engine.
const INSTANCE: &str = "instance";

/// Why the program can't start. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The logs can't be set up.
    #[error(transparent)]
    Telemetry(#[from] crate::telemetry::InvalidFilter),
    /// The data folder can't be made or written.
    #[error("the data folder `{0}` can't be used: {1}")]
    DataDir(String, std::io::Error),
    /// The database can't be opened.
    #[error("the database can't be opened: {0}")]
    Store(#[from] StoreError),
    /// The setting for networks is not usable.
    #[error("settings: sandbox_subnets: {0}")]
    Subnets(String),
    /// The folder of lab images can't be read.
    #[error("the lab images can't be read: {0}")]
    Images(String),
    /// A use case failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The address can't be listened on.
    #[error(
        "can't listen on {0}: {1}. Is another server running there? Set SLIPWAY_LISTEN to use another address."
    )]
    Listen(std::net::SocketAddr, std::io::Error),
    /// The system failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A folder or name given on the command line is not usable.
    #[error("{0}")]
    Usage(String),
}

/// Opens the database and puts the program together. Nothing runs in the background yet but image
/// builds, which start on demand.
pub async fn assemble(config: Config) -> Result<App, StartError> {
    make_private(&config.data_dir)
        .map_err(|e| StartError::DataDir(config.data_dir.display().to_string(), e))?;
    let clock = Clock::system();
    let store = Store::open(&config.database()).await?;
    let engine = Arc::new(DockerEngine::new(docker_config(
        &config,
        &instance(&store).await?,
    )?));
    let catalog =
        ImageCatalog::read(&config.images_dir()).map_err(|e| StartError::Images(e.to_string()))?;
    let tasks = TaskTracker::new();
    let stop = CancellationToken::new();
    let bootstrap = config.images_dir().join("bootstrap-base");
    let args = config.image_build_args.clone();
    let builder = ImageBuilder::new(Arc::clone(&engine), catalog, bootstrap, args);
    let images = Images::start(builder, &tasks, &stop);
    let parts = Parts {
        config,
        clock,
        store,
        images,
        tasks,
        stop,
    };
    Ok(App::new(parts, engine))
}

/// Makes the data folder; one that it makes is for this user alone, for it holds password hashes.
fn make_private(dir: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

/// How the engine is reached, under the name of an installation.
pub fn docker_config(config: &Config, instance: &str) -> Result<DockerConfig, StartError> {
    let subnets = |e: String| StartError::Subnets(e);
    let range = config
        .sandbox_subnets
        .parse()
        .map_err(|_| subnets("not a range like 10.213.0.0/16".into()))?;
    Ok(DockerConfig {
        host: config.engine_host.clone(),
        instance: instance
            .parse()
            .map_err(|e: InvalidInstance| StartError::Usage(e.to_string()))?,
        agent: config.agent_path(),
        pool: SubnetPool::new(range).map_err(|e| subnets(e.to_string()))?,
        runtimes: std::collections::HashMap::new(),
        firewall: true,
        resolvers: config.sandbox_resolvers.clone(),
        timeouts: Timeouts::default(),
    })
}

/// The name of this installation on the engine: made once, kept in the database, so that two
/// servers on one engine leave each other's sandboxes alone.
async fn instance(store: &Store) -> Result<String, StartError> {
    let name = if let Some(name) = store.setting(INSTANCE).await? {
        name
    } else {
        let mut name = token::generate().map_err(ServiceError::from)?;
        name.truncate(12);
        let mut tx = store.begin().await?;
        tx.set_setting(INSTANCE, &name).await?;
        tx.commit().await?;
        name
    };
    Ok(name)
}

/// Starts what runs in the background: reconciler, graders, live checks, housekeeping.
pub async fn start_background(app: &App) -> Result<(), StartError> {
    app.release_grading_leases().await?;
    app.tasks.spawn(app.clone().run_reconciler());
    for _ in 0..GRADERS {
        app.tasks.spawn(app.clone().run_grader());
    }
    app.tasks.spawn(app.clone().run_live_checks());
    app.tasks.spawn(app.clone().run_housekeeping());
    Ok(())
}

/// Ends background work and closes the database.
pub async fn shut_down(app: &App) {
    app.stop.cancel();
    app.tasks.close();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, app.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!("some background work did not end in time");
    }
    app.empty_pool().await;
    app.store.close().await;
}

//! Use cases: each joins store, sandboxes, terminals and grading, and owns its transactions.
//!
//! No transaction is held across a call to the engine or to an agent.

pub mod accounts;
pub mod agents;
pub mod boards;
mod error;
pub mod events;
pub mod grading;
mod housekeeping;
pub mod images;
pub mod learning;
pub mod measuring;
pub mod mirror;
pub mod previews;
pub mod publishing;
pub mod sandboxes;
pub mod workspace;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    error::{Refusal, ServiceError},
    sandboxes::describe_outcome,
};
use crate::{
    auth::{password::Hasher, throttle::Throttle},
    config::Config,
    content::Loaded,
    domain::clock::Clock,
    sandbox::Engine,
    store::Store,
};

/// The running program: what every use case needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What [`App`] points to.
pub struct Inner {
    /// The settings.
    pub config: Config,
    /// Where the time comes from.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// The container engine.
    pub engine: Arc<dyn Engine>,
    /// The lab images and their state.
    pub images: images::Images,
    /// Connections to machines.
    pub agents: agents::Agents,
    /// Watchers behind the boards of open pages.
    pub boards: boards::Boards,
    /// News for open pages.
    pub events: events::Events,
    /// Passwords.
    pub hasher: Hasher,
    /// Limits on guessing.
    pub throttle: Throttle,
    /// What the reconciler knows beyond the store.
    pub reconciler: sandboxes::Reconciler,
    /// What is known of the class mirror.
    pub mirror: mirror::Mirror,
    /// Wakes the graders.
    pub grading: Notify,
    /// Background work; waited for at the end.
    pub tasks: TaskTracker,
    /// Cancelled when the server ends.
    pub stop: CancellationToken,
    catalog: RwLock<Arc<Loaded>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// Where the time comes from.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// The lab images and their state.
    pub images: images::Images,
    /// Background work; waited for at the end.
    pub tasks: TaskTracker,
    /// Cancelled when the server ends.
    pub stop: CancellationToken,
}

impl App {
    /// Puts the program together. Nothing runs in the background yet.
    pub fn new(parts: Parts, engine: Arc<dyn Engine>) -> Self {
        let Parts {
            config,
            clock,
            store,
            images,
            tasks,
            stop,
        } = parts;
        let agents = agents::Agents::new(Arc::clone(&engine), tasks.clone(), stop.clone());
        Self(Arc::new(Inner {
            reconciler: sandboxes::Reconciler::new(&config),
            config,
            clock,
            store,
            engine,
            images,
            agents,
            boards: boards::Boards::default(),
            events: events::Events::default(),
            hasher: Hasher::default(),
            throttle: Throttle::default(),
            mirror: mirror::Mirror::default(),
            grading: Notify::new(),
            tasks,
            stop,
            catalog: RwLock::default(),
        }))
    }

    /// The courses as they are now, with the problems found in their files.
    pub fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_catalog(&self, loaded: Loaded) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    }
}

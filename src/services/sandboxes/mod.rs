//! A learner's sandbox: asking for it, its time, its end, and the reconciler that makes what is
//! wanted real.

mod pool;
mod prepare;
mod reconcile;
mod spec;
mod warm;

pub use prepare::describe as describe_outcome;
pub(crate) use spec::{grader_name, images as images_of_lab, memory_of_machines};

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

use super::{App, Refusal, ServiceError, events::Event};
use crate::{
    auth::token,
    config::Config,
    domain::{
        clock::Timestamp,
        ids::{AttemptId, LabVersionId, SandboxId, Slug, UserId},
        lab::Lab,
        quantity::ByteSize,
        sandbox::{EndReason, SandboxState},
    },
    sandbox::images::ImageState,
    store::{attempts::Attempt, labs::LabVersion, sandboxes::Sandbox},
};

/// Promised to all sandboxes until the engine tells how much memory there is.
const MEMORY_UNTIL_KNOWN: ByteSize = ByteSize::mib(4096);

/// What the reconciler knows beyond the store. Lost at a restart, and found again.
#[derive(Debug)]
pub struct Reconciler {
    wake: Notify,
    state: Mutex<State>,
    engine_is_up: AtomicBool,
    max_sandboxes: usize,
    pool: pool::Pool,
}

#[derive(Debug)]
struct State {
    memory: ByteSize,
    memory_is_known: bool,
    busy: BTreeSet<SandboxId>,
    positions: BTreeMap<SandboxId, usize>,
    /// Why one can't be made just now, for those that wait.
    waits_for: BTreeMap<SandboxId, Wait>,
    versions: HashMap<LabVersionId, Arc<LabVersion>>,
}

/// Why a sandbox is not being made although it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The engine does not answer.
    Engine,
    /// Images are being built.
    Images,
    /// No room; has a place in the queue.
    Room,
}

impl Reconciler {
    /// Knows nothing yet.
    pub fn new(config: &Config) -> Self {
        Self {
            wake: Notify::new(),
            state: Mutex::new(State {
                memory: config.sandbox_memory.unwrap_or(MEMORY_UNTIL_KNOWN),
                memory_is_known: config.sandbox_memory.is_some(),
                busy: BTreeSet::new(),
                positions: BTreeMap::new(),
                waits_for: BTreeMap::new(),
                versions: HashMap::new(),
            }),
            engine_is_up: AtomicBool::new(true),
            max_sandboxes: config.max_sandboxes,
            pool: pool::Pool::default(),
        }
    }

    /// Makes it look at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether the engine answered the last time.
    pub fn engine_is_up(&self) -> bool {
        self.engine_is_up.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one statement: a panic elsewhere left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sandbox as its learner sees it.
#[derive(Debug, Clone)]
pub struct SandboxView {
    /// As it is wanted.
    pub sandbox: Sandbox,
    /// Its place in the queue, from 1.
    pub queue_position: Option<usize>,
    /// What it waits for.
    pub wait: Option<Wait>,
    /// The images that are not ready yet.
    pub images: Vec<(Slug, ImageState)>,
    /// The moment of the view.
    pub now: Timestamp,
    /// Extensions left.
    pub extensions_left: u32,
    /// How much one extension adds.
    pub extension_minutes: u32,
}

impl App {
    /// A version of a lab. Versions never change, so each is read once.
    pub async fn lab_version(&self, id: LabVersionId) -> Result<Arc<LabVersion>, ServiceError> {
        if let Some(known) = self.reconciler.state().versions.get(&id) {
            return Ok(Arc::clone(known));
        }
        let version = self.store.lab_version(id).await?.map(Arc::new);
        let version = version.ok_or(ServiceError::NotFound)?;
        self.reconciler
            .state()
            .versions
            .insert(id, Arc::clone(&version));
        Ok(version)
    }

    /// Asks for a sandbox for an attempt. Asking twice gives the one there is.
    pub async fn start_sandbox(&self, attempt: &Attempt) -> Result<Sandbox, ServiceError> {
        let version = self.lab_version(attempt.lab_version_id).await?;
        let is_new = self.insert_sandbox(attempt, &version.lab).await?;
        let sandbox = self.store.latest_sandbox(attempt.id).await?;
        let sandbox = sandbox.ok_or(ServiceError::NotFound)?;
        if is_new {
            // What failed before gets another try.
            for (image, _) in self.images_not_ready(&version.lab) {
                self.images.request(&image);
            }
            if sandbox.state == SandboxState::Preparing {
                // Taken from the pool: no need to wait until the reconciler sees it.
                self.start_preparing(&sandbox);
            }
            self.sandbox_changed(attempt.id);
        }
        Ok(sandbox)
    }

    /// Writes down that a learner wants a sandbox: one from the pool, or one that is to be made.
    /// `false` when the attempt has one.
    async fn insert_sandbox(&self, attempt: &Attempt, lab: &Lab) -> Result<bool, ServiceError> {
        let now = self.clock.now();
        // Counted inside the transaction, of which there is one at a time: fifty clicks can't slip
        // past, and take one sandbox from the pool.
        let mut tx = self.store.begin().await?;
        if tx.has_live_sandbox(attempt.id).await? {
            return Ok(false);
        }
        let live = tx.count_live_sandboxes_of(attempt.user_id).await?;
        if live >= self.config.max_sandboxes_per_learner {
            return Err(Refusal::TooManySandboxes.into());
        }
        // Lives until the store knows the sandbox.
        let claim = self.claim_warm(lab);
        let (id, secret, state) = match &claim {
            Some(claim) => (claim.id, claim.secret.clone(), claim.state()),
            None => (
                SandboxId::generate(),
                token::generate()?,
                SandboxState::Requested,
            ),
        };
        if tx.insert_sandbox(id, attempt, &secret, now).await?.is_err() {
            return Ok(false);
        }
        tx.advance_sandbox(id, 1, SandboxState::Requested, state)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Adds time.
    pub async fn extend_sandbox(&self, attempt: &Attempt) -> Result<(), ServiceError> {
        let sandbox = self.live_sandbox(attempt.id).await?;
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let lab = &version.lab;
        let mut tx = self.store.begin().await?;
        let (by, allowed) = (lab.extension.as_millis(), lab.max_extensions);
        if !tx.extend_sandbox(sandbox.id, by, allowed).await? {
            let running = matches!(sandbox.state, SandboxState::Ready | SandboxState::Paused);
            let refusal = if running {
                Refusal::NoExtensionLeft
            } else {
                Refusal::SandboxNotReady
            };
            return Err(refusal.into());
        }
        tx.commit().await?;
        self.sandbox_changed(attempt.id);
        Ok(())
    }

    /// Makes the machines anew. The countdown goes on.
    pub async fn reset_sandbox(&self, attempt: &Attempt) -> Result<(), ServiceError> {
        let sandbox = self.live_sandbox(attempt.id).await?;
        let mut tx = self.store.begin().await?;
        if !tx.reset_sandbox(sandbox.id).await? {
            return Err(Refusal::SandboxNotReady.into());
        }
        tx.commit().await?;
        self.agents.forget(sandbox.id);
        self.sandbox_changed(attempt.id);
        Ok(())
    }

    /// The learner is done; the machines go away. Points stay.
    pub async fn finish_sandbox(&self, attempt: &Attempt) -> Result<(), ServiceError> {
        let Some(sandbox) = self.store.latest_sandbox(attempt.id).await? else {
            return Err(ServiceError::NotFound);
        };
        self.end_sandbox(&sandbox, EndReason::Finished, None).await
    }

    /// Ends a sandbox for an administrator.
    pub async fn stop_sandbox(&self, id: SandboxId) -> Result<(), ServiceError> {
        let sandbox = self
            .store
            .sandbox(id)
            .await?
            .ok_or(ServiceError::NotFound)?;
        self.end_sandbox(&sandbox, EndReason::Stopped, None).await
    }

    async fn end_sandbox(
        &self,
        sandbox: &Sandbox,
        reason: EndReason,
        failure: Option<&str>,
    ) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        let ended = tx
            .end_sandbox(sandbox.id, reason, failure, self.clock.now())
            .await?;
        tx.commit().await?;
        if ended {
            tracing::info!(
                sandbox.id = %sandbox.id, sandbox.end_reason = %reason, failure, "sandbox ended"
            );
            self.agents.forget(sandbox.id);
            self.sandbox_changed(sandbox.attempt_id);
        }
        Ok(())
    }

    /// The sandbox of an attempt, as its learner sees it; `None` before the first start.
    pub async fn sandbox_view(
        &self,
        attempt: AttemptId,
    ) -> Result<Option<SandboxView>, ServiceError> {
        let Some(sandbox) = self.store.latest_sandbox(attempt).await? else {
            return Ok(None);
        };
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let lab = &version.lab;
        let waits = matches!(
            sandbox.state,
            SandboxState::Requested | SandboxState::Queued
        );
        let images = if waits {
            self.images_not_ready(lab)
        } else {
            Vec::new()
        };
        let (queue_position, wait) = {
            let state = self.reconciler.state();
            (
                state.positions.get(&sandbox.id).copied(),
                state.waits_for.get(&sandbox.id).copied(),
            )
        };
        Ok(Some(SandboxView {
            queue_position: queue_position.filter(|_| waits),
            wait: wait.filter(|_| sandbox.state != SandboxState::Ended),
            images,
            now: self.clock.now(),
            extensions_left: u32::from(lab.max_extensions).saturating_sub(sandbox.extensions_used),
            extension_minutes: lab.extension.as_minutes(),
            sandbox,
        }))
    }

    /// The sandboxes of a learner that have not ended.
    pub async fn live_sandboxes_of(&self, user: UserId) -> Result<Vec<Sandbox>, ServiceError> {
        let live = self.store.live_sandboxes().await?;
        Ok(live.into_iter().filter(|s| s.user_id == user).collect())
    }

    /// The attempt's sandbox, if it has not ended.
    async fn live_sandbox(&self, attempt: AttemptId) -> Result<Sandbox, ServiceError> {
        let sandbox = self.store.latest_sandbox(attempt).await?;
        let sandbox = sandbox.ok_or(ServiceError::NotFound)?;
        if sandbox.state == SandboxState::Ended {
            return Err(Refusal::SandboxEnded.into());
        }
        Ok(sandbox)
    }

    /// The attempt's sandbox, if the learner can work in it.
    pub async fn ready_sandbox(&self, attempt: AttemptId) -> Result<Sandbox, ServiceError> {
        let sandbox = self.live_sandbox(attempt).await?;
        if sandbox.state != SandboxState::Ready {
            return Err(Refusal::SandboxNotReady.into());
        }
        Ok(sandbox)
    }

    fn sandbox_changed(&self, attempt: AttemptId) {
        self.events.publish(attempt, Event::Sandbox);
        self.reconciler.wake();
    }
}

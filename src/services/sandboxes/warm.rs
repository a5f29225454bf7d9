//! Sandboxes made in advance: what is asked for, making one, handing it over.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    App,
    pool::{Claim, Stage},
    prepare::wait_until_ready,
    spec,
};
use crate::{
    auth::token,
    domain::{
        ids::{SandboxId, Slug},
        lab::Lab,
        sandbox::SandboxState,
    },
    sandbox::{
        Observed,
        capacity::Room,
        decide::{Action, is_running},
        shape::Shape,
        warm::plan,
    },
    services::ServiceError,
    store::sandboxes::Sandbox,
};

/// For how long after a lab was last started sandboxes are kept ready for the next.
const KEPT_AFTER_USE: Duration = Duration::from_hours(4);
/// For how long nothing is made after making one has failed.
const REST: Duration = Duration::from_mins(5);
/// How long a server that ends may take to remove what it made in advance.
const REMOVE_TIMEOUT: Duration = Duration::from_secs(10);

impl Stage {
    /// Where a learner's sandbox begins that was made so far.
    const fn state(self) -> SandboxState {
        match self {
            Self::Creating => SandboxState::Creating,
            Self::Starting | Self::Ready => SandboxState::Preparing,
        }
    }
}

impl Claim<'_> {
    /// The state in which the sandbox enters the store.
    pub(super) const fn state(&self) -> SandboxState {
        self.stage.state()
    }
}

impl App {
    /// Takes a sandbox for a lab out of the pool, if there is one.
    pub(super) fn claim_warm(&self, lab: &Lab) -> Option<Claim<'_>> {
        if !self.is_kept_warm(lab) {
            return None;
        }
        self.reconciler
            .pool
            .note_use(lab.id.clone(), self.clock.now());
        // Without the engine one can't be handed over; who waits for it is told so.
        let shape = self
            .shape_of(lab)
            .filter(|_| self.reconciler.engine_is_up())?;
        let claim = self.reconciler.pool.claim(&shape);
        match &claim {
            Some(claim) => tracing::info!(
                sandbox.id = %claim.id, lab = %lab.id, stage = ?claim.stage,
                "warm sandbox claimed"
            ),
            None => tracing::info!(lab = %lab.id, "no warm sandbox, one is made anew"),
        }
        claim
    }

    fn is_kept_warm(&self, lab: &Lab) -> bool {
        self.config.warm_sandboxes > 0 && self.config.warm_labs.include(lab)
    }

    /// What a lab's machines are made from, if all its images are ready.
    fn shape_of(&self, lab: &Lab) -> Option<Shape> {
        spec::shape(lab, &self.image_tags(&spec::images(lab)))
    }

    /// Remembers from the store which labs were in use before this server started.
    pub(super) async fn learn_about_use(&self) -> Result<(), ServiceError> {
        let since = self.clock.now().minus(KEPT_AFTER_USE);
        for (lab, at) in self.store.labs_started_since(since).await? {
            self.reconciler.pool.note_use(lab, at);
        }
        Ok(())
    }

    /// The shapes that learners probably ask for next, the likeliest first.
    fn shapes_in_use(&self) -> Vec<Arc<Shape>> {
        let since = self.clock.now().minus(KEPT_AFTER_USE);
        let loaded = self.loaded();
        let shape = |lab: Slug| {
            let lab = &loaded.catalog.lab(&lab)?.lab;
            self.is_kept_warm(lab).then(|| self.shape_of(lab)).flatten()
        };
        let mut shapes: Vec<Arc<Shape>> = Vec::new();
        for shape in self
            .reconciler
            .pool
            .used_since(since)
            .into_iter()
            .filter_map(shape)
        {
            if !shapes.iter().any(|known| **known == shape) {
                shapes.push(Arc::new(shape));
            }
        }
        shapes
    }

    /// Takes away what is broken, of no use or in the way, and makes at most one that is missing.
    /// `room` is what the learners' sandboxes leave.
    pub(super) fn tend_pool(
        &self,
        live: &[Sandbox],
        observed: &[Observed],
        busy: &BTreeSet<SandboxId>,
        room: Room,
    ) {
        let pool = &self.reconciler.pool;
        for warm in pool.started() {
            let seen = observed.iter().find(|seen| seen.id == warm.id);
            // What was being made meanwhile may be younger than what was observed.
            let is_busy = busy.contains(&warm.id);
            if !is_busy && !is_running(&spec::machines_of(&warm.shape), FIRST, seen) {
                self.give_up_warm(warm.id, "its machines do not run");
            }
        }
        let plan = plan(
            &pool.kept(),
            &self.shapes_in_use(),
            self.config.warm_sandboxes,
            room,
        );
        for id in plan.remove {
            self.give_up_warm(id, "not used any more, or its room is needed");
        }
        // Learners first: a start takes all the processors there are.
        let is_quiet = live
            .iter()
            .all(|s| matches!(s.state, SandboxState::Ready | SandboxState::Paused));
        if let Some(shape) = plan.make
            && is_quiet
            && !pool.is_making()
            && !pool.rests(self.clock.now())
        {
            self.make_warm(shape);
        }
    }

    /// What is in the pool, the oldest first, and whether a learner could have it at once.
    pub fn warm_sandboxes(&self) -> Vec<(SandboxId, bool)> {
        self.reconciler.pool.list()
    }

    fn give_up_warm(&self, id: SandboxId, why: &str) {
        // Whoever claims it at the same moment has it.
        if self.reconciler.pool.give_up(id) {
            tracing::info!(sandbox.id = %id, why, "warm sandbox removed");
            self.start(Action::Remove(id), None);
        }
    }

    fn make_warm(&self, shape: Arc<Shape>) {
        let Ok(secret) = token::generate() else {
            return;
        };
        let id = SandboxId::generate();
        let left = self
            .reconciler
            .pool
            .add(id, secret.clone(), Arc::clone(&shape));
        tracing::info!(sandbox.id = %id, "warm sandbox is being made");
        self.start_task(id, move |app| async move {
            let started = app.clock.now();
            match app.start_warm(id, &secret, &shape, &left).await {
                Ok(true) => tracing::info!(
                    sandbox.id = %id,
                    took_ms = app.clock.now().since(started).as_millis(),
                    "warm sandbox is ready"
                ),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(sandbox.id = %id, %error, "no warm sandbox can be made now");
                    app.reconciler.pool.rest(app.clock.now().plus(REST));
                    app.reconciler.pool.give_up(id);
                }
            }
        });
    }

    /// `false` when it left the pool before it was ready. What a learner then has is gone on with
    /// as with any sandbox.
    async fn start_warm(
        &self,
        id: SandboxId,
        secret: &str,
        shape: &Shape,
        left: &CancellationToken,
    ) -> Result<bool, ServiceError> {
        let spec = spec::with_secret(shape.clone(), secret).sandbox(id, FIRST, None);
        self.engine.create(&spec).await?;
        if !self.reconciler.pool.advance(id, Stage::Starting) {
            return Ok(false);
        }
        let all_ready = async {
            let ready = spec::machines_of(shape).into_iter().map(async |name| {
                let agent = self.reach(id, FIRST, &name).await?;
                wait_until_ready(&name, &agent).await
            });
            futures_util::future::try_join_all(ready).await
        };
        match left.run_until_cancelled(all_ready).await {
            None => Ok(false),
            Some(Ok(_)) => Ok(self.reconciler.pool.advance(id, Stage::Ready)),
            Some(Err(error)) => Err(ServiceError::Internal(error.to_string())),
        }
    }

    /// Removes what was made in advance, when the server ends. What is left is removed when it
    /// starts again.
    pub async fn empty_pool(&self) {
        let pool = &self.reconciler.pool;
        let gone = pool.kept().into_iter().filter(|k| pool.give_up(k.id));
        let removed = futures_util::future::join_all(gone.map(async |warm| {
            self.agents.forget(warm.id);
            self.engine.remove(warm.id).await
        }));
        match tokio::time::timeout(REMOVE_TIMEOUT, removed).await {
            Ok(results) => {
                for error in results.into_iter().filter_map(Result::err) {
                    tracing::warn!(%error, "a warm sandbox can't be removed now");
                }
            }
            Err(_) => tracing::warn!("warm sandboxes were not removed in time"),
        }
    }
}

/// The generation of a sandbox that was never reset.
const FIRST: u32 = 1;

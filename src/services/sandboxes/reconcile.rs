//! One loop, woken by signal and timer, that alone makes and removes sandboxes. Each round reads
//! what is wanted and what exists, and starts what leads from one to the other; a round that is
//! cut off does no harm.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use super::{App, Wait, spec};
use crate::{
    domain::{
        ids::{SandboxId, Slug},
        quantity::ByteSize,
        sandbox::{EndReason, SandboxState},
    },
    sandbox::{
        EngineError,
        capacity::{Answer, Capacity, CapacityLimits, Need, Room},
        decide::{Action, Desired, decide},
        images::ImageState,
    },
    services::{ServiceError, events::Event},
    store::sandboxes::Sandbox,
};

/// How often it looks without being woken: what vanished from the engine is noticed this late.
const EVERY: Duration = Duration::from_secs(5);
/// Between the two looks after which a sandbox counts as lost.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// How long a sandbox whose time is over is kept for submissions that are being graded.
const GRADING_GRACE: Duration = Duration::from_mins(5);

impl App {
    /// Runs the reconciler until the server ends.
    pub async fn run_reconciler(self) {
        let mut images = self.images.changes();
        self.learn_about_engine().await;
        if let Err(error) = self.learn_about_use().await {
            tracing::warn!(%error, "which labs were in use before is unknown");
        }
        loop {
            if let Err(error) = self.reconcile().await {
                tracing::error!(%error, "reconciling failed");
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.reconciler.wake.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
                changed = images.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    // Those who wait for an image see how far it is.
                    self.events.publish_to_all(&Event::Sandbox);
                }
            }
        }
    }

    async fn reconcile(&self) -> Result<(), ServiceError> {
        // Before the store is read: what a learner claims meanwhile is in one or the other.
        let pooled = self.reconciler.pool.ids();
        let live = self.store.live_sandboxes().await?;
        if !self.reconciler.state().memory_is_known {
            self.learn_about_engine().await;
        }
        let room = self.admit(&live).await?;
        let live = self.store.live_sandboxes().await?;

        let mut busy = self.reconciler.state().busy.clone();
        let observed = match self.engine.observe().await {
            Ok(observed) => {
                self.engine_answers(true);
                observed
            }
            Err(error) => {
                if self.engine_answers(false) {
                    tracing::warn!(%error, "the container engine can't be observed");
                }
                return Ok(());
            }
        };
        busy.extend(self.reconciler.state().busy.iter().copied());

        let mut desired = Vec::with_capacity(live.len());
        for sandbox in &live {
            desired.push(self.desired(sandbox).await?);
        }
        let is_pooled = |id| pooled.contains(&id) && live.iter().all(|s| s.id != id);
        let (warm, observed): (Vec<_>, Vec<_>) =
            observed.into_iter().partition(|seen| is_pooled(seen.id));
        for action in decide(&desired, &observed, &busy, self.clock.now()) {
            self.start(action, live.iter().find(|s| s.id == action.sandbox()));
        }
        self.tend_pool(&live, &warm, &busy, room);
        self.open_gateways(&live).await?;
        for sandbox in live.iter().filter(|s| s.state == SandboxState::Preparing) {
            let is_observed = observed.iter().any(|o| o.id == sandbox.id);
            if is_observed && !busy.contains(&sandbox.id) {
                self.start_preparing(sandbox);
            }
        }
        Ok(())
    }

    /// Opens the ways to the class mirror again that a restart of the server has closed.
    async fn open_gateways(&self, live: &[Sandbox]) -> Result<(), ServiceError> {
        for sandbox in live.iter().filter(|s| s.state == SandboxState::Ready) {
            if self.lab_version(sandbox.lab_version_id).await?.lab.mirror {
                self.open_gateway(sandbox);
            }
        }
        Ok(())
    }

    async fn desired(&self, sandbox: &Sandbox) -> Result<Desired, ServiceError> {
        let version = self.lab_version(sandbox.lab_version_id).await?;
        Ok(Desired {
            id: sandbox.id,
            generation: sandbox.generation,
            state: sandbox.state,
            deadline: sandbox.expires_at,
            machines: spec::machines(&version.lab),
        })
    }

    /// Notes whether the engine answers; `true` when that is news.
    fn engine_answers(&self, answers: bool) -> bool {
        let before = self
            .reconciler
            .engine_is_up
            .swap(answers, Ordering::Relaxed);
        if before != answers {
            self.reconciler.wake();
            self.events.publish_to_all(&Event::Sandbox);
        }
        before != answers
    }

    /// Whether it answers, and how much memory there is to give: four fifths of the engine's,
    /// unless the operator set another figure.
    async fn learn_about_engine(&self) {
        let info = self.engine.info().await;
        self.engine_answers(info.is_ok());
        if let Ok(info) = info
            && !self.reconciler.state().memory_is_known
        {
            let mib = u32::try_from(info.memory_bytes / 5 * 4 / (1 << 20)).unwrap_or(u32::MAX);
            let mut state = self.reconciler.state();
            state.memory = ByteSize::mib(mib);
            state.memory_is_known = true;
        }
    }

    /// Lets those in that have their images and find room; the others get to know what they wait
    /// for. Room is reckoned anew each time from what is wanted, so it can't go astray.
    ///
    /// What was made in advance is not counted: it has to do with the room that is left, which is
    /// returned.
    async fn admit(&self, live: &[Sandbox]) -> Result<Room, ServiceError> {
        let mut capacity = Capacity::new(CapacityLimits {
            memory: self.reconciler.state().memory,
            sandboxes: self.reconciler.max_sandboxes,
            // The limit for one learner is kept when they ask.
            per_learner: usize::MAX,
        });
        let mut waiting = Vec::new();
        for sandbox in live {
            let version = self.lab_version(sandbox.lab_version_id).await?;
            let memory = spec::memory(&version.lab);
            let need = Need {
                id: sandbox.id,
                owner: sandbox.user_id,
                memory,
            };
            if sandbox.state.holds_resources() {
                capacity.hold(need);
            } else {
                waiting.push((sandbox, version, need));
            }
        }
        let before = {
            let mut state = self.reconciler.state();
            (
                std::mem::take(&mut state.positions),
                std::mem::take(&mut state.waits_for),
            )
        };
        for (sandbox, version, need) in waiting {
            if !self.reconciler.engine_is_up() {
                self.queue(sandbox, Wait::Engine, None).await?;
                continue;
            }
            let not_ready = self.images_not_ready(&version.lab);
            if let Some((image, _)) = not_ready
                .iter()
                .find(|(_, s)| matches!(s, ImageState::Failed { .. }))
            {
                let failure = format!("the image `{image}` could not be built");
                self.end_sandbox(sandbox, EndReason::Failed, Some(&failure))
                    .await?;
                continue;
            }
            if !not_ready.is_empty() {
                for (image, _) in &not_ready {
                    self.images.request(image);
                }
                self.queue(sandbox, Wait::Images, None).await?;
                continue;
            }
            match capacity.request(need) {
                Answer::Granted => {
                    self.move_to(sandbox, sandbox.state, SandboxState::Creating)
                        .await?;
                }
                Answer::Queued { position } => {
                    self.queue(sandbox, Wait::Room, Some(position)).await?;
                }
                Answer::NeverFits { needed, available } => {
                    let failure = format!(
                        "the lab needs {} MiB of memory, and sandboxes may have {} MiB in all",
                        needed >> 20,
                        available >> 20
                    );
                    self.end_sandbox(sandbox, EndReason::Failed, Some(&failure))
                        .await?;
                }
                Answer::TooManyOfOne { .. } => {}
            }
        }
        let after = {
            let state = self.reconciler.state();
            (state.positions.clone(), state.waits_for.clone())
        };
        if before != after {
            self.events.publish_to_all(&Event::Sandbox);
        }
        Ok(capacity.left())
    }

    async fn queue(
        &self,
        sandbox: &Sandbox,
        wait: Wait,
        position: Option<usize>,
    ) -> Result<(), ServiceError> {
        {
            let mut state = self.reconciler.state();
            state.waits_for.insert(sandbox.id, wait);
            state.positions.extend(position.map(|p| (sandbox.id, p)));
        }
        if sandbox.state == SandboxState::Requested {
            self.move_to(sandbox, SandboxState::Requested, SandboxState::Queued)
                .await?;
        }
        Ok(())
    }

    async fn move_to(
        &self,
        sandbox: &Sandbox,
        from: SandboxState,
        to: SandboxState,
    ) -> Result<bool, ServiceError> {
        let mut tx = self.store.begin().await?;
        let moved = tx
            .advance_sandbox(sandbox.id, sandbox.generation, from, to)
            .await?;
        tx.commit().await?;
        if moved {
            tracing::info!(sandbox.id = %sandbox.id, sandbox.state = %to, "sandbox moved on");
            self.events.publish(sandbox.attempt_id, Event::Sandbox);
        }
        Ok(moved)
    }

    /// Starts an action in the background; until it ends, its sandbox is left alone.
    pub(super) fn start(&self, action: Action, sandbox: Option<&Sandbox>) {
        let sandbox = sandbox.cloned();
        self.start_task(action.sandbox(), move |app| async move {
            let done = match (action, sandbox) {
                (Action::Remove(id), _) => app.remove(id).await,
                (Action::Create(_), Some(sandbox)) => app.create(&sandbox).await,
                (Action::Adopt(_), Some(s)) => app
                    .move_to(&s, SandboxState::Creating, SandboxState::Preparing)
                    .await
                    .map(|_| ()),
                (Action::MarkLost(_), Some(sandbox)) => app.confirm_lost(&sandbox).await,
                (Action::Expire(_), Some(sandbox)) => app.expire(&sandbox).await,
                (Action::Pause(id), Some(_)) => app.engine.pause(id).await.map_err(Into::into),
                (Action::Unpause(id), Some(_)) => app.engine.unpause(id).await.map_err(Into::into),
                (_, None) => Ok(()),
            };
            if let Err(error) = done {
                tracing::error!(sandbox.id = %action.sandbox(), ?action, %error, "action failed");
            }
        });
    }

    pub(super) fn start_preparing(&self, sandbox: &Sandbox) {
        let sandbox = sandbox.clone();
        self.start_task(sandbox.id, move |app| async move {
            if let Err(error) = app.prepare(&sandbox).await {
                tracing::error!(sandbox.id = %sandbox.id, %error, "preparing failed");
            }
        });
    }

    pub(super) fn start_task<W>(&self, id: SandboxId, work: impl FnOnce(Self) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        if !self.reconciler.state().busy.insert(id) {
            return;
        }
        let app = self.clone();
        let work = work(self.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                // What is left half done is found by the next server's first round.
                () = app.stop.cancelled() => {}
            }
            app.reconciler.state().busy.remove(&id);
            app.reconciler.wake();
        });
    }

    async fn create(&self, sandbox: &Sandbox) -> Result<(), ServiceError> {
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let tags = self.image_tags(&spec::images(&version.lab));
        let Some(spec) = spec::spec(sandbox, &version.lab, &tags, self.clock.now()) else {
            // An image vanished since the sandbox was let in: it waits again.
            self.move_to(sandbox, SandboxState::Creating, SandboxState::Queued)
                .await?;
            return Ok(());
        };
        if version.lab.mirror {
            self.warm_mirror();
        }
        match self.engine.create(&spec).await {
            Ok(()) => {
                self.move_to(sandbox, SandboxState::Creating, SandboxState::Preparing)
                    .await?;
                Ok(())
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(sandbox.id = %sandbox.id, %error, "can't be made now, tried again");
                self.reconciler
                    .state()
                    .waits_for
                    .insert(sandbox.id, Wait::Engine);
                self.events.publish(sandbox.attempt_id, Event::Sandbox);
                tokio::time::sleep(EVERY).await;
                Ok(())
            }
            Err(EngineError::ImageMissing(image)) => {
                tracing::warn!(sandbox.id = %sandbox.id, image, "image vanished, built again");
                self.images.refresh().await;
                self.move_to(sandbox, SandboxState::Creating, SandboxState::Queued)
                    .await?;
                Ok(())
            }
            Err(error) => {
                self.end_sandbox(sandbox, EndReason::Failed, Some(&error.to_string()))
                    .await
            }
        }
    }

    async fn remove(&self, id: SandboxId) -> Result<(), ServiceError> {
        self.agents.forget(id);
        self.engine.remove(id).await?;
        tracing::info!(sandbox.id = %id, "machines removed");
        Ok(())
    }

    /// Ends a sandbox whose machines are gone. The engine's lists may be a moment behind its
    /// machines, and a learner's work is not thrown away on one glance: a second look decides.
    async fn confirm_lost(&self, sandbox: &Sandbox) -> Result<(), ServiceError> {
        tokio::time::sleep(SECOND_LOOK).await;
        let Some(sandbox) = self.store.sandbox(sandbox.id).await? else {
            return Ok(());
        };
        let desired = [self.desired(&sandbox).await?];
        let observed = self.engine.observe().await?;
        let actions = decide(&desired, &observed, &BTreeSet::new(), self.clock.now());
        if !actions.contains(&Action::MarkLost(sandbox.id)) {
            return Ok(());
        }
        let machines: Vec<_> = observed
            .iter()
            .filter(|seen| seen.id == sandbox.id)
            .flat_map(|seen| &seen.machines)
            .map(|m| format!("{} of generation {} is {:?}", m.name, m.generation, m.state))
            .collect();
        let why = format!(
            "its machines are not running any more: {}",
            machines.join(", ")
        );
        self.end_sandbox(&sandbox, EndReason::Lost, Some(&why))
            .await
    }

    /// Ends a sandbox whose time is over, unless work handed in is still being graded in it.
    async fn expire(&self, sandbox: &Sandbox) -> Result<(), ServiceError> {
        let over = sandbox
            .expires_at
            .map(|at| self.clock.now().since(at))
            .unwrap_or_default();
        let open = self.store.latest_submissions(sandbox.attempt_id).await?;
        if over < GRADING_GRACE && open.iter().any(|s| !s.state.is_final()) {
            return Ok(());
        }
        self.end_sandbox(sandbox, EndReason::Expired, None).await
    }

    /// The images that a lab still waits for, with how they are.
    pub(crate) fn images_not_ready(
        &self,
        lab: &crate::domain::lab::Lab,
    ) -> Vec<(Slug, ImageState)> {
        self.images.not_ready(&spec::images(lab))
    }

    pub(super) fn image_tags(
        &self,
        images: &BTreeSet<Slug>,
    ) -> std::collections::BTreeMap<Slug, String> {
        let tag = |image: &Slug| match self.images.state(image) {
            ImageState::Ready { tag } => Some((image.clone(), tag)),
            _ => None,
        };
        images.iter().filter_map(tag).collect()
    }
}

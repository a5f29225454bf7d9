//! The sandboxes that are made in advance: who has one, and how far it is.
//!
//! They are in no table. What the store does not want and the pool does not know is removed from
//! the engine, so a server that ends leaves nothing behind, and what is in the pool can't be
//! mistaken for a learner's: no use case finds machines but through a row of the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        clock::Timestamp,
        ids::{SandboxId, Slug},
    },
    sandbox::{shape::Shape, warm::Kept},
};

/// How far a sandbox is that is made in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Its network and machines are being made.
    Creating,
    /// Its machines run; their services start.
    Starting,
    /// A learner can have it at once.
    Ready,
}

#[derive(Debug)]
struct Warm {
    id: SandboxId,
    secret: String,
    shape: Arc<Shape>,
    stage: Stage,
    /// Cancelled when it leaves the pool.
    left: CancellationToken,
}

#[derive(Debug, Default)]
struct Inner {
    /// Oldest first.
    kept: Vec<Warm>,
    /// Taken out by a claim that is not in the store yet.
    claimed: BTreeSet<SandboxId>,
    /// When labs were last started.
    used: BTreeMap<Slug, Timestamp>,
    /// Nothing is made before, because making one has failed.
    rests_until: Option<Timestamp>,
}

/// The pool. Its lock is never held across anything that waits.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Inner>);

/// A sandbox that left the pool for a learner. Nothing gives it back: when the claim is dropped
/// before the store knows the sandbox, its machines are removed.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    pool: &'a Pool,
    /// Which.
    pub(super) id: SandboxId,
    /// The secret that its machines were made with.
    pub(super) secret: String,
    /// How far it is.
    pub(super) stage: Stage,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.pool.inner().claimed.remove(&self.id);
    }
}

impl Pool {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is one statement: a panic elsewhere left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out the sandbox of this shape that is furthest, of those the oldest.
    pub(super) fn claim(&self, shape: &Shape) -> Option<Claim<'_>> {
        let mut inner = self.inner();
        let candidates = inner.kept.iter().enumerate();
        let (at, _) = candidates
            .filter(|(_, warm)| *warm.shape == *shape)
            .max_by_key(|(at, warm)| (warm.stage, std::cmp::Reverse(*at)))?;
        let warm = inner.kept.remove(at);
        inner.claimed.insert(warm.id);
        warm.left.cancel();
        Some(Claim {
            pool: self,
            id: warm.id,
            secret: warm.secret,
            stage: warm.stage,
        })
    }

    /// Adds a sandbox that is about to be made. What is returned is cancelled when it leaves the pool.
    pub(super) fn add(
        &self,
        id: SandboxId,
        secret: String,
        shape: Arc<Shape>,
    ) -> CancellationToken {
        let left = CancellationToken::new();
        self.inner().kept.push(Warm {
            id,
            secret,
            shape,
            stage: Stage::Creating,
            left: left.clone(),
        });
        left
    }

    /// Notes how far a sandbox is; `false` when it is no longer here.
    pub(super) fn advance(&self, id: SandboxId, stage: Stage) -> bool {
        let mut inner = self.inner();
        let warm = inner.kept.iter_mut().find(|warm| warm.id == id);
        warm.map(|warm| warm.stage = stage).is_some()
    }

    /// Lets a sandbox go that nobody has claimed; `false` when somebody has, or it is not here.
    pub(super) fn give_up(&self, id: SandboxId) -> bool {
        let mut inner = self.inner();
        let Some(at) = inner.kept.iter().position(|warm| warm.id == id) else {
            return false;
        };
        inner.kept.remove(at).left.cancel();
        true
    }

    /// All that the pool answers for, those included that a claim has taken and the store may not
    /// know yet.
    pub(super) fn ids(&self) -> BTreeSet<SandboxId> {
        let inner = self.inner();
        let kept = inner.kept.iter().map(|warm| warm.id);
        kept.chain(inner.claimed.iter().copied()).collect()
    }

    /// What is kept, oldest first.
    pub(super) fn kept(&self) -> Vec<Kept> {
        let kept = |warm: &Warm| Kept {
            id: warm.id,
            shape: Arc::clone(&warm.shape),
        };
        self.inner().kept.iter().map(kept).collect()
    }

    /// What is kept, oldest first, and whether it is ready.
    pub(super) fn list(&self) -> Vec<(SandboxId, bool)> {
        let inner = self.inner();
        let kept = inner.kept.iter();
        kept.map(|warm| (warm.id, warm.stage == Stage::Ready))
            .collect()
    }

    /// Those of which every machine should run.
    pub(super) fn started(&self) -> Vec<Kept> {
        let started = |warm: &Warm| {
            (warm.stage > Stage::Creating).then(|| Kept {
                id: warm.id,
                shape: Arc::clone(&warm.shape),
            })
        };
        self.inner().kept.iter().filter_map(started).collect()
    }

    /// Whether one is still on its way.
    pub(super) fn is_making(&self) -> bool {
        let inner = self.inner();
        inner.kept.iter().any(|warm| warm.stage < Stage::Ready)
    }

    /// Notes that a lab was started.
    pub(super) fn note_use(&self, lab: Slug, at: Timestamp) {
        let mut inner = self.inner();
        let last = inner.used.entry(lab).or_insert(at);
        *last = at.max(*last);
    }

    /// The labs that were started after a moment, the latest first. Others are forgotten.
    pub(super) fn used_since(&self, moment: Timestamp) -> Vec<Slug> {
        let mut inner = self.inner();
        inner.used.retain(|_, at| *at > moment);
        let mut used: Vec<_> = inner
            .used
            .iter()
            .map(|(lab, at)| (*at, lab.clone()))
            .collect();
        used.sort_by(|a, b| b.cmp(a));
        used.into_iter().map(|(_, lab)| lab).collect()
    }

    /// Makes nothing until then.
    pub(super) fn rest(&self, until: Timestamp) {
        self.inner().rests_until = Some(until);
    }

    /// Whether it rests.
    pub(super) fn rests(&self, now: Timestamp) -> bool {
        self.inner().rests_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lab::Network;

    fn shape() -> Shape {
        Shape {
            machines: Vec::new(),
            grader: None,
            network: Network::Isolated,
        }
    }

    fn add(pool: &Pool, stage: Stage) -> (SandboxId, CancellationToken) {
        let id = SandboxId::generate();
        let left = pool.add(id, "secret".to_owned(), Arc::new(shape()));
        pool.advance(id, stage);
        (id, left)
    }

    #[test]
    fn racing_claims_get_different_sandboxes_and_then_none() {
        let pool = Pool::default();
        let (first, _) = add(&pool, Stage::Ready);
        let (second, _) = add(&pool, Stage::Ready);
        let claimed: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| pool.claim(&shape()).map(|claim| claim.id)))
                .collect();
            racers
                .into_iter()
                .filter_map(|racer| racer.join().unwrap())
                .collect()
        });
        assert_eq!(claimed.len(), 2);
        assert_eq!(
            BTreeSet::from_iter(claimed),
            BTreeSet::from([first, second])
        );
    }

    #[test]
    fn the_one_that_is_furthest_is_claimed_first_and_only_by_its_shape() {
        let pool = Pool::default();
        let (making, _) = add(&pool, Stage::Creating);
        let (older, _) = add(&pool, Stage::Ready);
        let (younger, _) = add(&pool, Stage::Ready);
        let other = Shape {
            network: Network::Internet,
            ..shape()
        };
        assert!(pool.claim(&other).is_none());
        for expected in [older, younger, making] {
            assert_eq!(pool.claim(&shape()).unwrap().id, expected);
        }
        assert!(pool.claim(&shape()).is_none());
    }

    #[test]
    fn a_claim_is_answered_for_until_it_is_dropped_and_never_comes_back() {
        let pool = Pool::default();
        let (id, left) = add(&pool, Stage::Starting);
        let claim = pool.claim(&shape()).unwrap();
        assert!(left.is_cancelled());
        assert_eq!(pool.ids(), BTreeSet::from([id]));
        assert!(pool.kept().is_empty());
        assert!(!pool.advance(id, Stage::Ready));
        assert!(!pool.give_up(id), "what is claimed is nobody's to remove");
        drop(claim);
        assert!(pool.ids().is_empty());
    }

    #[test]
    fn labs_that_nobody_starts_are_forgotten() {
        let pool = Pool::default();
        let at = Timestamp::from_millis;
        let lab = |name: &str| name.parse::<Slug>().unwrap();
        pool.note_use(lab("old"), at(10));
        pool.note_use(lab("new"), at(20));
        pool.note_use(lab("newer"), at(30));
        pool.note_use(lab("newer"), at(25));
        assert_eq!(pool.used_since(at(10)), [lab("newer"), lab("new")]);
        assert_eq!(pool.used_since(at(0)).len(), 2);
    }
}

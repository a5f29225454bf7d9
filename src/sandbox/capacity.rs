//! Who may run now, and who waits at which place: permits by memory and number, first come, first
//! served. Pure; the caller persists nothing but the order of requests and calls [`Capacity::hold`]
//! for what runs already when it starts.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::{
    ids::{SandboxId, UserId},
    quantity::ByteSize,
};

/// How much may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacityLimits {
    /// Memory of all sandboxes together, as their machines are allowed to use.
    pub memory: ByteSize,
    /// Sandboxes in all.
    pub sandboxes: usize,
    /// Sandboxes of one learner, waiting ones included.
    pub per_learner: usize,
}

/// What is left of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Memory, in bytes.
    pub memory: u64,
    /// Sandboxes.
    pub sandboxes: usize,
}

/// What a sandbox needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Which sandbox.
    pub id: SandboxId,
    /// Whose it is.
    pub owner: UserId,
    /// Memory of all its machines together, in bytes.
    pub memory: u64,
}

/// The answer to a request for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It may start now and holds its permit until [`Capacity::release`].
    Granted,
    /// It waits; 1 is next.
    Queued {
        /// Its place.
        position: usize,
    },
    /// The learner has as many as one may have.
    TooManyOfOne {
        /// That many.
        limit: usize,
    },
    /// It needs more than there is even when nothing else runs.
    NeverFits {
        /// Bytes it needs.
        needed: u64,
        /// Bytes there are in all.
        available: u64,
    },
}

/// The permits given out and the queue.
#[derive(Debug, Clone)]
pub struct Capacity {
    limits: CapacityLimits,
    held: BTreeMap<SandboxId, Need>,
    waiting: VecDeque<Need>,
}

impl Capacity {
    /// Nothing runs, nobody waits.
    pub const fn new(limits: CapacityLimits) -> Self {
        Self {
            limits,
            held: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Asks for room. Asking again for the same sandbox changes nothing and tells how it is.
    pub fn request(&mut self, need: Need) -> Answer {
        if self.held.contains_key(&need.id) {
            return Answer::Granted;
        }
        if let Some(position) = self.position(need.id) {
            return Answer::Queued { position };
        }
        let available = self.limits.memory.bytes();
        if need.memory > available || self.limits.sandboxes == 0 {
            return Answer::NeverFits {
                needed: need.memory,
                available,
            };
        }
        if self.of_learner(need.owner) >= self.limits.per_learner {
            return Answer::TooManyOfOne {
                limit: self.limits.per_learner,
            };
        }
        // Behind those who wait, even when it would fit: nobody is overtaken.
        if self.waiting.is_empty() && self.fits(&need) {
            self.held.insert(need.id, need);
            return Answer::Granted;
        }
        self.waiting.push_back(need);
        Answer::Queued {
            position: self.waiting.len(),
        }
    }

    /// Counts a sandbox that runs already, whatever the limits say.
    pub fn hold(&mut self, need: Need) {
        self.waiting.retain(|w| w.id != need.id);
        self.held.insert(need.id, need);
    }

    /// Gives its permit back, or its place in the queue. Returns those that may start now, in order;
    /// they hold their permits from here on.
    pub fn release(&mut self, id: SandboxId) -> Vec<SandboxId> {
        self.held.remove(&id);
        self.waiting.retain(|w| w.id != id);
        self.advance()
    }

    /// Sets other limits. Returns those that may start now.
    pub fn set_limits(&mut self, limits: CapacityLimits) -> Vec<SandboxId> {
        self.limits = limits;
        self.advance()
    }

    /// The place in the queue, from 1; `None` when it does not wait.
    pub fn position(&self, id: SandboxId) -> Option<usize> {
        self.waiting
            .iter()
            .position(|w| w.id == id)
            .map(|at| at + 1)
    }

    /// Whether it holds a permit.
    pub fn holds(&self, id: SandboxId) -> bool {
        self.held.contains_key(&id)
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.held.len()
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.waiting.len()
    }

    /// Memory given out, in bytes.
    pub fn memory_held(&self) -> u64 {
        self.held.values().map(|n| n.memory).sum()
    }

    /// What those who run leave; nothing while anybody waits.
    pub fn left(&self) -> Room {
        if !self.waiting.is_empty() {
            return Room {
                memory: 0,
                sandboxes: 0,
            };
        }
        let memory = self.limits.memory.bytes();
        Room {
            memory: memory.saturating_sub(self.memory_held()),
            sandboxes: self.limits.sandboxes.saturating_sub(self.held.len()),
        }
    }

    fn advance(&mut self) -> Vec<SandboxId> {
        let mut granted = Vec::new();
        while let Some(next) = self.waiting.front().copied() {
            if !self.fits(&next) {
                break;
            }
            self.waiting.pop_front();
            self.held.insert(next.id, next);
            granted.push(next.id);
        }
        granted
    }

    fn fits(&self, need: &Need) -> bool {
        self.held.len() < self.limits.sandboxes
            && self.memory_held().saturating_add(need.memory) <= self.limits.memory.bytes()
    }

    fn of_learner(&self, owner: UserId) -> usize {
        self.held
            .values()
            .chain(&self.waiting)
            .filter(|n| n.owner == owner)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: CapacityLimits = CapacityLimits {
        memory: ByteSize::mib(1024),
        sandboxes: 3,
        per_learner: 2,
    };

    fn need(mib: u32) -> Need {
        Need {
            id: SandboxId::generate(),
            owner: UserId::generate(),
            memory: ByteSize::mib(mib).bytes(),
        }
    }

    #[test]
    fn who_came_first_starts_first_even_when_a_smaller_one_would_fit() {
        let mut capacity = Capacity::new(LIMITS);
        let (first, large, small) = (need(600), need(600), need(100));
        assert_eq!(capacity.request(first), Answer::Granted);
        assert_eq!(capacity.request(large), Answer::Queued { position: 1 });
        assert_eq!(capacity.request(small), Answer::Queued { position: 2 });
        assert_eq!(capacity.release(first.id), [large.id, small.id]);
        assert_eq!(capacity.position(small.id), None);
    }

    #[test]
    fn asking_twice_gives_one_place() {
        let mut capacity = Capacity::new(LIMITS);
        let (a, b) = (need(1024), need(100));
        assert_eq!(capacity.request(a), Answer::Granted);
        assert_eq!(capacity.request(a), Answer::Granted);
        assert_eq!(capacity.request(b), Answer::Queued { position: 1 });
        assert_eq!(capacity.request(b), Answer::Queued { position: 1 });
        assert_eq!((capacity.running(), capacity.queued()), (1, 1));
    }

    #[test]
    fn leaving_the_queue_moves_everybody_behind_up() {
        let mut capacity = Capacity::new(LIMITS);
        let (a, b, c) = (need(1024), need(1024), need(100));
        capacity.request(a);
        capacity.request(b);
        capacity.request(c);
        assert!(capacity.release(b.id).is_empty());
        assert_eq!(capacity.position(c.id), Some(1));
    }

    #[test]
    fn a_learner_has_at_most_so_many_waiting_ones_included() {
        let mut capacity = Capacity::new(LIMITS);
        let owner = UserId::generate();
        let mine = |mib| Need { owner, ..need(mib) };
        assert_eq!(capacity.request(mine(1024)), Answer::Granted);
        assert_eq!(capacity.request(mine(100)), Answer::Queued { position: 1 });
        assert_eq!(
            capacity.request(mine(100)),
            Answer::TooManyOfOne { limit: 2 }
        );
    }

    #[test]
    fn what_can_never_fit_does_not_block_the_queue() {
        let mut capacity = Capacity::new(LIMITS);
        assert!(matches!(
            capacity.request(need(2048)),
            Answer::NeverFits { .. }
        ));
        assert_eq!(capacity.queued(), 0);
    }

    #[test]
    fn what_runs_already_counts_even_above_the_limits() {
        let mut capacity = Capacity::new(LIMITS);
        let old: Vec<Need> = (0..4).map(|_| need(400)).collect();
        for need in &old {
            capacity.hold(*need);
        }
        let next = need(100);
        assert_eq!(capacity.request(next), Answer::Queued { position: 1 });
        assert!(capacity.release(old[0].id).is_empty());
        assert_eq!(capacity.release(old[1].id), [next.id]);
    }

    #[test]
    fn nothing_is_left_while_anybody_waits() {
        let mut capacity = Capacity::new(LIMITS);
        capacity.request(need(600));
        let left = Room {
            memory: ByteSize::mib(424).bytes(),
            sandboxes: 2,
        };
        assert_eq!(capacity.left(), left);
        capacity.request(need(600));
        let nothing = Room {
            memory: 0,
            sandboxes: 0,
        };
        assert_eq!(capacity.left(), nothing);
    }

    proptest! {
        #[test]
        fn limits_hold_and_the_order_is_kept(
            steps in prop::collection::vec((any::<bool>(), 0..12usize, 1..1024u32), 1..80)
        ) {
            let mut capacity = Capacity::new(LIMITS);
            let ids: Vec<SandboxId> = (0..12).map(|_| SandboxId::generate()).collect();
            let mut arrived: Vec<SandboxId> = Vec::new();
            for (ask, who, mib) in steps {
                let id = ids[who];
                if ask {
                    if !capacity.holds(id) && capacity.position(id).is_none() {
                        arrived.push(id);
                    }
                    capacity.request(Need { id, ..need(mib) });
                } else {
                    arrived.retain(|a| *a != id);
                    capacity.release(id);
                }
                prop_assert!(capacity.running() <= LIMITS.sandboxes);
                prop_assert!(capacity.memory_held() <= LIMITS.memory.bytes());
                let waiting: Vec<_> = arrived.iter().filter(|a| !capacity.holds(**a)).collect();
                for (at, id) in waiting.iter().enumerate() {
                    prop_assert_eq!(capacity.position(**id), Some(at + 1));
                }
                prop_assert!(capacity.running() > 0 || capacity.queued() == 0);
            }
        }
    }
}

//! What to do, from what the store wants and what the engine holds. Pure: the reconciler observes the
//! engine, *then* reads the store (so that nothing made in between looks like an orphan), asks
//! [`decide`], and carries out what it says.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{MachineState, Observed};
use crate::domain::{
    clock::Timestamp,
    ids::{SandboxId, Slug},
    sandbox::SandboxState,
};

/// A sandbox as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// Which sandbox.
    pub id: SandboxId,
    /// Counts resets.
    pub generation: u32,
    /// Where the store says it is. `Creating` means that it holds a permit and shall be made.
    pub state: SandboxState,
    /// When it ends; `None` until it is ready.
    pub deadline: Option<Timestamp>,
    /// The machines that make it complete, the grader included.
    pub machines: BTreeSet<Slug>,
}

/// What the reconciler shall do. Each is idempotent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Make it on the engine (which replaces what exists of another generation).
    Create(SandboxId),
    /// It is complete on the engine: go on to prepare it.
    Adopt(SandboxId),
    /// Its machines are gone: end it as lost.
    MarkLost(SandboxId),
    /// Its time is over: end it as expired.
    Expire(SandboxId),
    /// Freeze its machines.
    Pause(SandboxId),
    /// Thaw its machines.
    Unpause(SandboxId),
    /// Remove it from the engine: ended, or nobody knows it.
    Remove(SandboxId),
}

impl Action {
    /// The sandbox it acts on.
    pub const fn sandbox(self) -> SandboxId {
        match self {
            Self::Create(id)
            | Self::Adopt(id)
            | Self::MarkLost(id)
            | Self::Expire(id)
            | Self::Pause(id)
            | Self::Unpause(id)
            | Self::Remove(id) => id,
        }
    }
}

/// At most one action for each sandbox; removals first, since they make room. Sandboxes in `busy`
/// have an action under way and are left alone.
pub fn decide(
    desired: &[Desired],
    observed: &[Observed],
    busy: &BTreeSet<SandboxId>,
    now: Timestamp,
) -> Vec<Action> {
    let mut left: BTreeMap<SandboxId, &Observed> = observed.iter().map(|o| (o.id, o)).collect();
    let mut actions: Vec<Action> = desired
        .iter()
        .filter_map(|wanted| decide_one(wanted, left.remove(&wanted.id), now))
        .collect();
    actions.extend(left.into_keys().map(Action::Remove));
    actions.retain(|action| !busy.contains(&action.sandbox()));
    actions.sort_by_key(|action| !matches!(action, Action::Remove(_)));
    actions
}

fn decide_one(wanted: &Desired, seen: Option<&Observed>, now: Timestamp) -> Option<Action> {
    let id = wanted.id;
    let is_over = wanted.deadline.is_some_and(|deadline| deadline <= now);
    match wanted.state {
        SandboxState::Ended => seen.map(|_| Action::Remove(id)),
        // After a reset the older generation stays until the new one takes its home over. Anything
        // else that exists of a sandbox that must not exist yet is left from a failure.
        SandboxState::Requested | SandboxState::Queued => seen
            .filter(|seen| seen.generation >= wanted.generation)
            .map(|_| Action::Remove(id)),
        SandboxState::Creating if is_alive(wanted, seen) => Some(Action::Adopt(id)),
        SandboxState::Creating => Some(Action::Create(id)),
        SandboxState::Preparing | SandboxState::Ready | SandboxState::Paused if is_over => {
            Some(Action::Expire(id))
        }
        SandboxState::Preparing | SandboxState::Ready | SandboxState::Paused
            if !is_alive(wanted, seen) =>
        {
            Some(Action::MarkLost(id))
        }
        SandboxState::Preparing | SandboxState::Ready => {
            has(seen, MachineState::Paused).then_some(Action::Unpause(id))
        }
        SandboxState::Paused => has(seen, MachineState::Running).then_some(Action::Pause(id)),
    }
}

fn is_alive(wanted: &Desired, seen: Option<&Observed>) -> bool {
    is_running(&wanted.machines, wanted.generation, seen)
}

/// Whether every machine exists in the right generation and runs, or could go on running.
pub fn is_running(machines: &BTreeSet<Slug>, generation: u32, seen: Option<&Observed>) -> bool {
    let Some(seen) = seen else { return false };
    machines.iter().all(|name| {
        seen.machines.iter().any(|machine| {
            machine.name == *name
                && machine.generation == generation
                && matches!(machine.state, MachineState::Running | MachineState::Paused)
        })
    })
}

fn has(seen: Option<&Observed>, state: MachineState) -> bool {
    seen.is_some_and(|seen| seen.machines.iter().any(|machine| machine.state == state))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sandbox::engine::MachineObserved;

    fn slug(name: &str) -> Slug {
        name.parse().unwrap()
    }

    fn wanted(state: SandboxState) -> Desired {
        Desired {
            id: SandboxId::generate(),
            generation: 1,
            state,
            deadline: None,
            machines: BTreeSet::from([slug("desk"), slug("broker")]),
        }
    }

    fn machines(generation: u32, state: MachineState) -> Vec<MachineObserved> {
        ["broker", "desk"]
            .map(|name| MachineObserved {
                name: slug(name),
                generation,
                state,
            })
            .to_vec()
    }

    fn seen(id: SandboxId, machines: Vec<MachineObserved>) -> Observed {
        Observed {
            id,
            generation: machines.iter().map(|m| m.generation).max().unwrap_or(0),
            owner: None,
            deadline: None,
            machines,
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn one(wanted: &Desired, machines: Option<Vec<MachineObserved>>) -> Option<Action> {
        let observed: Vec<_> = machines.map(|m| seen(wanted.id, m)).into_iter().collect();
        let actions = decide(
            std::slice::from_ref(wanted),
            &observed,
            &BTreeSet::new(),
            NOW,
        );
        assert!(actions.len() <= 1);
        actions.first().copied()
    }

    #[test]
    fn a_sandbox_with_a_permit_is_made_and_adopted_once_complete() {
        let creating = wanted(SandboxState::Creating);
        let id = creating.id;
        assert_eq!(one(&creating, None), Some(Action::Create(id)));
        let running = machines(1, MachineState::Running);
        let half = Some(running[..1].to_vec());
        assert_eq!(one(&creating, half), Some(Action::Create(id)));
        assert_eq!(one(&creating, Some(running)), Some(Action::Adopt(id)));
        let old = Some(machines(0, MachineState::Running));
        assert_eq!(one(&creating, old), Some(Action::Create(id)));
    }

    #[test]
    fn a_running_sandbox_is_left_alone_after_a_restart_of_the_server() {
        let ready = wanted(SandboxState::Ready);
        assert_eq!(one(&ready, Some(machines(1, MachineState::Running))), None);
    }

    #[test]
    fn machines_that_ended_or_vanished_make_a_sandbox_lost() {
        let ready = wanted(SandboxState::Ready);
        let lost = Some(Action::MarkLost(ready.id));
        assert_eq!(one(&ready, None), lost);
        assert_eq!(one(&ready, Some(machines(1, MachineState::Exited))), lost);
        assert_eq!(one(&ready, Some(machines(2, MachineState::Running))), lost);
        assert_eq!(
            one(
                &ready,
                Some(machines(1, MachineState::Running)[..1].to_vec())
            ),
            lost
        );
    }

    #[test]
    fn time_that_is_over_ends_it_whatever_the_engine_holds() {
        let expired = Desired {
            deadline: Some(NOW),
            ..wanted(SandboxState::Ready)
        };
        assert_eq!(one(&expired, None), Some(Action::Expire(expired.id)));
        let running = Some(machines(1, MachineState::Running));
        assert_eq!(one(&expired, running), Some(Action::Expire(expired.id)));
    }

    #[test]
    fn ended_and_unknown_sandboxes_are_removed_before_anything_is_made() {
        let ended = wanted(SandboxState::Ended);
        let creating = wanted(SandboxState::Creating);
        let unknown = SandboxId::generate();
        let actions = decide(
            &[creating.clone(), ended.clone()],
            &[
                seen(unknown, vec![]),
                seen(ended.id, machines(1, MachineState::Exited)),
            ],
            &BTreeSet::new(),
            NOW,
        );
        assert_eq!(
            actions,
            [
                Action::Remove(ended.id),
                Action::Remove(unknown),
                Action::Create(creating.id)
            ]
        );
    }

    #[test]
    fn a_reset_that_waits_keeps_the_older_generation_for_its_home() {
        let queued = wanted(SandboxState::Queued);
        assert_eq!(one(&queued, Some(machines(0, MachineState::Running))), None);
        assert_eq!(
            one(&queued, Some(machines(1, MachineState::Created))),
            Some(Action::Remove(queued.id))
        );
    }

    #[test]
    fn pausing_follows_the_store() {
        let paused = wanted(SandboxState::Paused);
        let running = Some(machines(1, MachineState::Running));
        assert_eq!(one(&paused, running), Some(Action::Pause(paused.id)));
        let ready = wanted(SandboxState::Ready);
        let frozen = Some(machines(1, MachineState::Paused));
        assert_eq!(one(&ready, frozen), Some(Action::Unpause(ready.id)));
    }

    #[test]
    fn what_is_under_way_is_left_alone() {
        let creating = wanted(SandboxState::Creating);
        let unknown = SandboxId::generate();
        let busy = BTreeSet::from([creating.id, unknown]);
        assert!(decide(&[creating], &[seen(unknown, vec![])], &busy, NOW).is_empty());
    }

    const STATES: [SandboxState; 7] = [
        SandboxState::Requested,
        SandboxState::Queued,
        SandboxState::Creating,
        SandboxState::Preparing,
        SandboxState::Ready,
        SandboxState::Paused,
        SandboxState::Ended,
    ];
    const MACHINES: [MachineState; 4] = [
        MachineState::Created,
        MachineState::Running,
        MachineState::Paused,
        MachineState::Exited,
    ];

    /// A store and an engine that carry actions out as the real ones do.
    #[derive(Debug, Clone)]
    struct World {
        desired: Vec<Desired>,
        observed: Vec<Observed>,
    }

    impl World {
        fn apply(&mut self, action: Action) {
            let id = action.sandbox();
            let desired = self.desired.iter_mut().find(|d| d.id == id);
            match (action, desired) {
                (Action::Create(_), Some(d)) => {
                    self.observed.retain(|o| o.id != id);
                    self.observed
                        .push(seen(id, machines(d.generation, MachineState::Running)));
                }
                (Action::Adopt(_), Some(d)) => d.state = SandboxState::Preparing,
                (Action::MarkLost(_) | Action::Expire(_), Some(d)) => {
                    d.state = SandboxState::Ended;
                }
                (Action::Pause(_), _) => self.set(id, MachineState::Paused),
                (Action::Unpause(_), _) => self.set(id, MachineState::Running),
                (Action::Remove(_), _) => self.observed.retain(|o| o.id != id),
                (action, None) => panic!("{action:?} on a sandbox the store does not have"),
            }
        }

        fn set(&mut self, id: SandboxId, state: MachineState) {
            self.observed
                .iter_mut()
                .filter(|o| o.id == id)
                .flat_map(|o| &mut o.machines)
                .for_each(|m| m.state = state);
        }
    }

    prop_compose! {
        fn world()(entries in prop::collection::vec(
            (0..8usize, 0..3u32, prop::option::of(900_000..1_100_000i64),
             prop::option::of((0..3u32, 0..4usize, 0..3usize))), 0..12)
        ) -> World {
            let mut world = World { desired: vec![], observed: vec![] };
            for (state, generation, deadline, engine) in entries {
                let id = SandboxId::generate();
                // The eighth state: the store does not know it.
                if let Some(state) = STATES.get(state) {
                    world.desired.push(Desired {
                        id,
                        generation,
                        state: *state,
                        deadline: deadline.map(Timestamp::from_millis),
                        machines: BTreeSet::from([slug("desk"), slug("broker")]),
                    });
                }
                if let Some((generation, state, count)) = engine {
                    let mut machines = machines(generation, MACHINES[state]);
                    machines.truncate(count);
                    world.observed.push(seen(id, machines));
                }
            }
            world
        }
    }

    proptest! {
        #[test]
        fn any_state_comes_to_rest_and_holds_only_what_the_store_wants(mut world in world()) {
            let mut rounds = 0;
            loop {
                let actions =
                    decide(&world.desired, &world.observed, &BTreeSet::new(), NOW);
                if actions.is_empty() {
                    break;
                }
                for action in actions {
                    let id = action.sandbox();
                    prop_assert!(
                        world.desired.iter().any(|d| d.id == id)
                            || world.observed.iter().any(|o| o.id == id)
                    );
                    if let Action::Remove(_) = action {
                        prop_assert!(
                            !world.desired.iter().any(|d| d.id == id && d.state.holds_resources())
                        );
                    }
                    world.apply(action);
                }
                rounds += 1;
                prop_assert!(rounds <= 4, "does not come to rest");
            }
            for seen in &world.observed {
                prop_assert!(world.desired.iter().any(|d| d.id == seen.id
                    && d.state != SandboxState::Ended));
            }
            for d in &world.desired {
                prop_assert!(d.state != SandboxState::Creating);
                let running = world.observed.iter().any(|o| o.id == d.id);
                prop_assert!(running || !d.state.holds_resources());
            }
        }
    }
}

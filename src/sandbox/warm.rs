//! Which sandboxes to make in advance, and which of those to take away again. Pure.

use std::sync::Arc;

use super::{capacity::Room, shape::Shape};
use crate::domain::ids::SandboxId;

/// A sandbox that was made in advance and belongs to nobody yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Which.
    pub id: SandboxId,
    /// What it was made from.
    pub shape: Arc<Shape>,
}

/// What to do about sandboxes made in advance.
#[derive(Debug, Default, PartialEq)]
pub struct Plan {
    /// To be taken away: nobody asks for their shape any more, or their room is needed.
    pub remove: Vec<SandboxId>,
    /// To be made next, one of it.
    pub make: Option<Arc<Shape>>,
}

/// Compares what is kept (oldest first) with what is asked for (each shape once, the one that was
/// used last first). Of each shape as many as `each` are kept, as far as those that are used more
/// often leave room.
pub fn plan(kept: &[Kept], asked_for: &[Arc<Shape>], each: usize, mut room: Room) -> Plan {
    let mut plan = Plan::default();
    let mut staying = Vec::new();
    for shape in asked_for {
        let mut there = kept.iter().filter(|k| k.shape == *shape);
        for _ in 0..each {
            if room.sandboxes == 0 || room.memory < shape.memory() {
                break;
            }
            room.sandboxes -= 1;
            room.memory -= shape.memory();
            match there.next() {
                Some(one) => staying.push(one.id),
                None => plan.make = plan.make.or_else(|| Some(Arc::clone(shape))),
            }
        }
    }
    let leaves = kept.iter().filter(|k| !staying.contains(&k.id));
    plan.remove = leaves.map(|k| k.id).collect();
    plan
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        domain::{
            lab::{Network, Profile},
            quantity::ByteSize,
        },
        sandbox::engine::MachineSpec,
    };

    fn shape(image: &str, mib: u32) -> Arc<Shape> {
        Arc::new(Shape {
            machines: vec![MachineSpec {
                name: "desk".parse().unwrap(),
                image: image.to_owned(),
                profile: Profile::Plain,
                memory: ByteSize::mib(mib),
                cpus: 1.0,
                disk: ByteSize::mib(16),
                env: BTreeMap::new(),
                service_env: BTreeMap::new(),
                keep_home: false,
            }],
            grader: None,
            network: Network::Isolated,
        })
    }

    fn kept(shape: &Arc<Shape>) -> Kept {
        Kept {
            id: SandboxId::generate(),
            shape: Arc::clone(shape),
        }
    }

    fn room(mib: u64, sandboxes: usize) -> Room {
        Room {
            memory: mib << 20,
            sandboxes,
        }
    }

    #[test]
    fn as_many_of_a_shape_are_kept_as_the_operator_wants() {
        let shape = shape("a:1", 100);
        let asked_for = [Arc::clone(&shape)];
        let plenty = room(10_000, 50);
        let (first, second, third) = (kept(&shape), kept(&shape), kept(&shape));
        assert_eq!(
            plan(&[], &asked_for, 2, plenty).make,
            Some(Arc::clone(&shape))
        );
        let all = [first.clone(), second.clone(), third.clone()];
        assert_eq!(
            plan(&all[..1], &asked_for, 2, plenty).make,
            Some(Arc::clone(&shape))
        );
        assert_eq!(plan(&all[..2], &asked_for, 2, plenty), Plan::default());
        // The youngest goes when the operator wants fewer.
        assert_eq!(plan(&all, &asked_for, 2, plenty).remove, [third.id]);
        let none = plan(&all, &asked_for, 0, plenty);
        assert_eq!(none.remove, [first.id, second.id, third.id]);
        assert_eq!(none.make, None);
    }

    #[test]
    fn what_was_made_from_an_older_image_goes_and_the_new_one_is_made() {
        let (old, new) = (shape("a:1", 100), shape("a:2", 100));
        let stale = kept(&old);
        let asked_for = [Arc::clone(&new)];
        let plan = plan(
            std::slice::from_ref(&stale),
            &asked_for,
            1,
            room(10_000, 50),
        );
        assert_eq!(plan.remove, [stale.id]);
        assert_eq!(plan.make, Some(new));
    }

    #[test]
    fn the_shape_that_was_used_last_gets_the_room() {
        let (earlier, later) = (shape("a:1", 100), shape("b:1", 100));
        let of_earlier = kept(&earlier);
        let asked_for = [Arc::clone(&later), Arc::clone(&earlier)];
        let kept = std::slice::from_ref(&of_earlier);
        for tight in [room(150, 50), room(10_000, 1)] {
            let plan = plan(kept, &asked_for, 1, tight);
            assert_eq!(plan.remove, [of_earlier.id]);
            assert_eq!(plan.make.as_ref(), Some(&later));
        }
        let plan = plan(kept, &asked_for, 1, room(250, 2));
        assert!(plan.remove.is_empty());
        assert_eq!(plan.make, Some(later));
    }

    #[test]
    fn without_room_nothing_is_kept_or_made() {
        let shape = shape("a:1", 100);
        let one = kept(&shape);
        for none in [room(0, 0), room(99, 50), room(10_000, 0)] {
            let plan = plan(
                std::slice::from_ref(&one),
                std::slice::from_ref(&shape),
                1,
                none,
            );
            assert_eq!(plan.remove, [one.id]);
            assert_eq!(plan.make, None);
        }
    }
}

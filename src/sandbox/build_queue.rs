//! The order in which images are built: those that somebody waits for before the others, and first
//! come, first served among each. What can't be begun yet is overtaken and keeps its place.

use std::collections::VecDeque;

/// Images that wait for the builder, by their place in the catalog.
#[derive(Debug, Default)]
pub struct BuildQueue {
    waited_for: VecDeque<usize>,
    ahead: VecDeque<usize>,
}

impl BuildQueue {
    /// Adds an image that nobody waits for yet; nothing happens when it is in the queue.
    pub fn ask(&mut self, place: usize) {
        if !self.waited_for.contains(&place) && !self.ahead.contains(&place) {
            self.ahead.push_back(place);
        }
    }

    /// Adds an image that somebody waits for, or moves it before those that nobody waits for.
    pub fn hurry(&mut self, place: usize) {
        if !self.waited_for.contains(&place) {
            self.ahead.retain(|other| *other != place);
            self.waited_for.push_back(place);
        }
    }

    /// Takes the image that is next among those that can be begun.
    pub fn take_next(&mut self, can_begin: impl Fn(usize) -> bool) -> Option<usize> {
        [&mut self.waited_for, &mut self.ahead]
            .into_iter()
            .find_map(|places| {
                let next = places.iter().position(|place| can_begin(*place))?;
                places.remove(next)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(mut queue: BuildQueue) -> Vec<usize> {
        std::iter::from_fn(|| queue.take_next(|_| true)).collect()
    }

    #[test]
    fn what_cannot_be_begun_is_overtaken_and_keeps_its_place() {
        let mut queue = BuildQueue::default();
        for place in [1, 2, 3] {
            queue.hurry(place);
        }
        queue.ask(4);
        assert_eq!(queue.take_next(|place| place != 1), Some(2));
        assert_eq!(queue.take_next(|place| place == 4), Some(4));
        assert_eq!(queue.take_next(|_| false), None);
        assert_eq!(order(queue), [1, 3]);
    }

    #[test]
    fn images_are_built_in_the_order_in_which_they_are_asked_for() {
        let mut queue = BuildQueue::default();
        for place in [3, 1, 3, 2] {
            queue.ask(place);
        }
        assert_eq!(order(queue), [3, 1, 2]);
    }

    #[test]
    fn what_somebody_waits_for_overtakes_what_was_asked_for_ahead_of_time() {
        let mut queue = BuildQueue::default();
        for place in [0, 1, 2, 3] {
            queue.ask(place);
        }
        queue.hurry(2);
        queue.hurry(4);
        queue.ask(4);
        queue.hurry(2);
        assert_eq!(order(queue), [2, 4, 0, 1, 3]);
    }
}

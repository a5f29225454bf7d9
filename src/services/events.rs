//! News for those who look at a page: one channel an attempt.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::broadcast;

use super::previews::Offer;
use crate::domain::{
    ids::{AttemptId, Slug, SubmissionId},
    submission::CheckResult,
};

/// News that wait for a slow page; one that falls further behind reads the state anew.
const BACKLOG: usize = 64;

/// What is new at an attempt. Says what changed; whoever listens reads how it is now.
#[derive(Debug, Clone)]
pub enum Event {
    /// The sandbox's state, place in the queue, images or time.
    Sandbox,
    /// A submission moved on.
    Submission(SubmissionId),
    /// Checks that ran by themselves.
    Ticks(Arc<Vec<CheckResult>>),
    /// Files in a machine changed.
    Files(Slug),
    /// What can be shown of the machines, new or not.
    Ports(Arc<Vec<Offer>>),
}

/// Takes news to whoever listens. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Events {
    channels: Arc<Mutex<HashMap<AttemptId, broadcast::Sender<Event>>>>,
}

impl Events {
    fn channels(&self) -> std::sync::MutexGuard<'_, HashMap<AttemptId, broadcast::Sender<Event>>> {
        // The map is whole after every statement: a panic elsewhere did not break it.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to an attempt.
    pub fn subscribe(&self, attempt: AttemptId) -> broadcast::Receiver<Event> {
        let mut channels = self.channels();
        channels.retain(|_, sender| sender.receiver_count() > 0);
        channels
            .entry(attempt)
            .or_insert_with(|| broadcast::channel(BACKLOG).0)
            .subscribe()
    }

    /// Tells those who listen, if any.
    pub fn publish(&self, attempt: AttemptId, event: Event) {
        if let Some(sender) = self.channels().get(&attempt) {
            // Fails when the last page was closed just now: nobody to tell.
            let _ = sender.send(event);
        }
    }

    /// Tells all who listen to any attempt.
    pub fn publish_to_all(&self, event: &Event) {
        for sender in self.channels().values() {
            let _ = sender.send(event.clone());
        }
    }

    /// The attempts somebody looks at.
    pub fn watched(&self) -> Vec<AttemptId> {
        let watched = |(id, sender): (&AttemptId, &broadcast::Sender<Event>)| {
            (sender.receiver_count() > 0).then_some(*id)
        };
        self.channels().iter().filter_map(watched).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn news_reach_the_pages_of_their_attempt_only() {
        let events = Events::default();
        let (mine, other) = (AttemptId::generate(), AttemptId::generate());
        let mut page = events.subscribe(mine);
        let mut stranger = events.subscribe(other);
        events.publish(mine, Event::Sandbox);
        assert!(matches!(page.recv().await, Ok(Event::Sandbox)));
        assert!(stranger.try_recv().is_err());
        drop(page);
        assert_eq!(events.watched(), [other]);
    }
}

//! How many long-lived connections one login session may have.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Event streams of one login session: pages with a lab in them.
pub(crate) const EVENT_STREAMS: usize = 8;
/// Streams of boards of one login session: pages in view with a board in them.
pub(crate) const BOARD_STREAMS: usize = 8;
/// Terminals of one login session.
pub(crate) const TERMINALS: usize = 16;
/// Requests to previews of one login session: a browser has six connections to each origin, and
/// any number of WebSockets.
pub(crate) const PREVIEWS: usize = 64;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stream {
    /// Server-sent events.
    Events,
    /// A lab's boards.
    Boards,
    /// A terminal's WebSocket.
    Terminal,
    /// A request to a preview.
    Preview,
}

impl Stream {
    const fn most(self) -> usize {
        match self {
            Self::Events => EVENT_STREAMS,
            Self::Boards => BOARD_STREAMS,
            Self::Terminal => TERMINALS,
            Self::Preview => PREVIEWS,
        }
    }
}

type Counts = HashMap<(Stream, String), usize>;

/// Counts open streams by login session. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct StreamLimits(Arc<Mutex<Counts>>);

/// The right to one stream; given back when dropped.
#[derive(Debug)]
pub(crate) struct StreamPermit {
    limits: StreamLimits,
    key: (Stream, String),
}

impl StreamLimits {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Every change is one statement: a panic elsewhere left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A permit, unless the login session has as many streams as it may.
    pub(crate) fn acquire(&self, stream: Stream, login: &str) -> Option<StreamPermit> {
        let key = (stream, login.to_owned());
        let mut counts = self.counts();
        let count = counts.entry(key.clone()).or_default();
        if *count >= stream.most() {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(StreamPermit {
            limits: self.clone(),
            key,
        })
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut counts = self.limits.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_login_session_has_its_own_streams_and_gets_them_back() {
        let limits = StreamLimits::default();
        let mut held: Vec<_> = (0..EVENT_STREAMS)
            .map(|_| limits.acquire(Stream::Events, "a").unwrap())
            .collect();
        assert!(limits.acquire(Stream::Events, "a").is_none());
        assert!(limits.acquire(Stream::Events, "b").is_some());
        assert!(limits.acquire(Stream::Terminal, "a").is_some());
        held.pop();
        assert!(limits.acquire(Stream::Events, "a").is_some());
        held.clear();
        assert!(limits.counts().is_empty());
    }
}

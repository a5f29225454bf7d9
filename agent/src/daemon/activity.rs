//! Signs of life.

use crate::protocol::Activity;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Tracker {
    last_input: Mutex<Option<Instant>>,
    viewers: Arc<()>,
}

/// Counts as one attached viewer while it lives.
#[derive(Debug)]
pub(super) struct Presence {
    _count: Arc<()>,
}

impl Tracker {
    /// Somebody typed or wrote a file.
    pub(super) fn touch(&self) {
        *self
            .last_input
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn viewer(&self) -> Presence {
        Presence {
            _count: self.viewers.clone(),
        }
    }

    pub(super) fn report(&self) -> Activity {
        let last = *self
            .last_input
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ago = |at: Instant| u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX);
        Activity {
            last_input_ms_ago: last.map(ago),
            attached_viewers: u32::try_from(Arc::strong_count(&self.viewers) - 1)
                .unwrap_or(u32::MAX),
            cpu_usage_usec: cpu_usage_usec(),
        }
    }
}

/// What the machine's cgroup has used: version 2, else version 1.
fn cpu_usage_usec() -> Option<u64> {
    if let Ok(stat) = std::fs::read_to_string("/sys/fs/cgroup/cpu.stat")
        && let Some(usage) = stat
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "))
    {
        return usage.trim().parse().ok();
    }
    ["cpuacct", "cpu,cpuacct"].iter().find_map(|controller| {
        let path = format!("/sys/fs/cgroup/{controller}/cpuacct.usage");
        let nanoseconds: u64 = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
        Some(nanoseconds / 1000)
    })
}

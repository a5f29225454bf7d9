//! How much room a name space takes, and whether more may come.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::names::Namespace;

/// How long a measurement is taken for true; what comes in meanwhile is added to it.
const FRESH: Duration = Duration::from_mins(2);
/// Between two measurements of a name space that is full: it may have been emptied.
const AGAIN: Duration = Duration::from_secs(3);
/// What every change takes beyond the bytes it brings: files and folders of the registry.
const OVERHEAD: u64 = 16 << 10;
/// Left free on the engine's disk, whatever learners may still have.
const DISK_RESERVE: u64 = 2 << 30;
/// How long an upload may stand still.
const STILL: Duration = Duration::from_mins(1);

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// Bytes that the name space takes.
    pub(super) used: u64,
    /// Bytes that are free on the disk.
    pub(super) free: u64,
}

/// No more may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoRoom {
    /// The learner has used what they may have.
    #[error("the name space is full")]
    Namespace,
    /// The engine's disk is nearly full.
    #[error("the disk is nearly full")]
    Disk,
}

/// The name spaces that were written to lately.
#[derive(Debug, Default)]
pub(super) struct Rooms(Mutex<HashMap<Namespace, Arc<Room>>>);

impl Rooms {
    pub(super) fn of(&self, namespace: &Namespace, now: Instant) -> Arc<Room> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those in use are held by somebody else too, and the others are measured anew.
        rooms.retain(|_, room| Arc::strong_count(room) > 1 || room.is_fresh(now));
        Arc::clone(rooms.entry(namespace.clone()).or_default())
    }
}

/// The room of one name space.
#[derive(Debug, Default)]
pub(super) struct Room {
    used: AtomicU64,
    measured: tokio::sync::Mutex<Option<Instant>>,
}

impl Room {
    fn is_fresh(&self, now: Instant) -> bool {
        self.measured
            .try_lock()
            .is_ok_and(|at| at.is_some_and(|at| now.duration_since(at) < FRESH))
    }

    /// Lets one change begin, measuring first where needed.
    pub(super) async fn enter<E>(
        &self,
        now: Instant,
        quota: u64,
        measure: impl AsyncFnOnce() -> Result<Measured, E>,
    ) -> Result<Result<(), NoRoom>, E> {
        let mut at = self.measured.lock().await;
        let is_full = self.used.load(Ordering::Relaxed) + OVERHEAD > quota;
        let good_for = if is_full { AGAIN } else { FRESH };
        if at.is_none_or(|at| now.duration_since(at) >= good_for) {
            let measured = measure().await?;
            self.used.store(measured.used, Ordering::Relaxed);
            *at = Some(now);
            if measured.free < DISK_RESERVE {
                *at = None;
                return Ok(Err(NoRoom::Disk));
            }
        }
        if self.used.load(Ordering::Relaxed) + OVERHEAD > quota {
            return Ok(Err(NoRoom::Namespace));
        }
        self.used.fetch_add(OVERHEAD, Ordering::Relaxed);
        Ok(Ok(()))
    }

    /// Counts bytes that came in; `false` when they are too many.
    fn take(&self, bytes: u64, quota: u64) -> bool {
        self.used.fetch_add(bytes, Ordering::Relaxed) + bytes <= quota
    }
}

/// What a learner uploads, counted. Beyond the quota it breaks off towards the registry, but not
/// before the rest was read and thrown away: an engine that is still sending does not hear a
/// refusal.
#[derive(Debug)]
pub(super) struct Counted {
    inner: Incoming,
    room: Arc<Room>,
    quota: u64,
    dropped: u64,
    is_over: Arc<std::sync::atomic::AtomicBool>,
    still: Pin<Box<Sleep>>,
}

impl Counted {
    /// The body, and what tells later whether it was too large.
    pub(super) fn new(
        inner: Incoming,
        room: Arc<Room>,
        quota: u64,
    ) -> (Self, Arc<std::sync::atomic::AtomicBool>) {
        let is_over = Arc::default();
        let counted = Self {
            inner,
            room,
            quota,
            dropped: 0,
            is_over: Arc::clone(&is_over),
            still: Box::pin(tokio::time::sleep(STILL)),
        };
        (counted, is_over)
    }
}

/// Why an upload ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error("{0}")]
    Room(#[from] NoRoom),
    #[error("the upload stood still")]
    Still,
    #[error("the upload broke off: {0}")]
    Broken(#[from] hyper::Error),
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
                ready!(this.still.as_mut().poll(cx));
                return Poll::Ready(Some(Err(Cut::Still)));
            };
            this.still.as_mut().reset(Instant::now() + STILL);
            let is_over = this.is_over.load(Ordering::Relaxed);
            let data = match frame {
                None if is_over => return Poll::Ready(Some(Err(NoRoom::Namespace.into()))),
                None => return Poll::Ready(None),
                Some(frame) => match frame?.into_data() {
                    Ok(data) => data,
                    // Trailers mean nothing to a registry.
                    Err(_) => continue,
                },
            };
            let bytes = data.len() as u64;
            if is_over {
                this.dropped += bytes;
                if this.dropped > this.quota {
                    return Poll::Ready(Some(Err(NoRoom::Namespace.into())));
                }
            } else if this.room.take(bytes, this.quota) {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            } else {
                this.is_over.store(true, Ordering::Relaxed);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && !self.is_over.load(Ordering::Relaxed)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const QUOTA: u64 = 1 << 20;

    async fn enter(room: &Room, now: Instant, used: u64, free: u64) -> Result<(), NoRoom> {
        let measure = async || Ok::<_, Infallible>(Measured { used, free });
        room.enter(now, QUOTA, measure).await.unwrap()
    }

    #[tokio::test]
    async fn what_comes_in_counts_until_the_next_measurement() {
        let (room, now) = (Room::default(), Instant::now());
        assert_eq!(enter(&room, now, 0, u64::MAX).await, Ok(()));
        assert!(room.take(QUOTA / 2, QUOTA));
        // Still fresh: what is measured now is not asked for.
        assert_eq!(enter(&room, now, 0, u64::MAX).await, Ok(()));
        assert!(!room.take(QUOTA / 2, QUOTA));
        let full = Err(NoRoom::Namespace);
        assert_eq!(enter(&room, now, 0, u64::MAX).await, full);
        // Emptied since.
        assert_eq!(enter(&room, now + AGAIN, 0, u64::MAX).await, Ok(()));
    }

    #[tokio::test]
    async fn a_full_name_space_or_disk_takes_nothing() {
        let (room, now) = (Room::default(), Instant::now());
        let full = Err(NoRoom::Namespace);
        assert_eq!(enter(&room, now, QUOTA, u64::MAX).await, full);
        let room = Room::default();
        let low = DISK_RESERVE - 1;
        assert_eq!(enter(&room, now, 0, low).await, Err(NoRoom::Disk));
        assert_eq!(enter(&room, now, 0, DISK_RESERVE).await, Ok(()));
    }

    #[tokio::test]
    async fn name_spaces_that_nobody_uses_are_forgotten() {
        let (rooms, now) = (Rooms::default(), Instant::now());
        let one = Namespace::of(crate::domain::ids::UserId::generate());
        drop(rooms.of(&one, now));
        let two = Namespace::of(crate::domain::ids::UserId::generate());
        let _kept = rooms.of(&two, now);
        assert_eq!(rooms.0.lock().unwrap().len(), 1);
    }
}

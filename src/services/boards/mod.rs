//! Watchers behind the boards of open lab pages: one for each board of a sandbox, shared by all
//! pages that show it, begun when the first looks and ended when the last goes.
//!
//! A watcher follows what the API in the sandbox tells by itself (Docker's events, Kubernetes'
//! watches), or asks again and again where it tells nothing (RabbitMQ, etcd). It sends a picture
//! only when it changed, and at most five a second.

mod docker;
mod etcd;
mod kubernetes;
mod rabbitmq;
mod reach;

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    sync::{broadcast, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use self::reach::{Reach, Trouble};
use super::{App, events::Event};
use crate::{
    boards::Picture,
    domain::{board::Board, ids::AttemptId},
    store::{attempts::Attempt, sandboxes::Sandbox},
};

/// The shortest time between two pictures of one board.
const BETWEEN: Duration = Duration::from_millis(200);
/// How long a change waits for others that come with it.
const SETTLE: Duration = Duration::from_millis(60);
/// How long a watcher waits before it tries again where nobody answered.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long it waits for a sandbox before it looks again without having been told.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// What a board shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoardState {
    /// Whether the picture is how things are.
    pub link: Link,
    /// The picture, or the last one there was.
    pub picture: Option<Picture>,
}

/// Whether a picture is how things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// There is no sandbox to look at (yet).
    Waiting,
    /// What is shown is how it is.
    Live,
    /// Nobody answers: what is shown is how it was.
    Silent,
}

/// Where a watcher puts what it saw.
#[derive(Debug)]
struct Screen(watch::Sender<Arc<BoardState>>);

impl Screen {
    fn new() -> Self {
        Self(
            watch::channel(Arc::new(BoardState {
                link: Link::Waiting,
                picture: None,
            }))
            .0,
        )
    }

    fn set(&self, state: BoardState) {
        self.0.send_if_modified(|shown| {
            let changed = **shown != state;
            if changed {
                *shown = Arc::new(state);
            }
            changed
        });
    }

    fn show(&self, picture: Picture) {
        self.set(BoardState {
            link: Link::Live,
            picture: Some(picture),
        });
    }

    /// The picture stays as a memory.
    fn silent(&self) {
        let picture = self.0.borrow().picture.clone();
        self.set(BoardState {
            link: Link::Silent,
            picture,
        });
    }

    fn waiting(&self) {
        self.set(BoardState {
            link: Link::Waiting,
            picture: None,
        });
    }
}

struct Watched {
    looking: usize,
    screen: Arc<Screen>,
    stop: CancellationToken,
}

/// An attempt's board, by its place in `lab.yaml`.
type Key = (AttemptId, usize);

/// The watchers that run. Cheap to clone.
#[derive(Clone, Default)]
pub struct Boards(Arc<Mutex<HashMap<Key, Watched>>>);

impl std::fmt::Debug for Boards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Boards")
            .field(&self.watched().len())
            .finish()
    }
}

impl Boards {
    fn watched(&self) -> MutexGuard<'_, HashMap<Key, Watched>> {
        // Every change is one statement: a panic elsewhere left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many watchers run.
    pub fn running(&self) -> usize {
        self.watched().len()
    }
}

/// A look at a board; the last one that is dropped ends its watcher.
#[derive(Debug)]
pub struct BoardView {
    states: watch::Receiver<Arc<BoardState>>,
    boards: Boards,
    key: Key,
}

impl BoardView {
    /// What is shown now. [`Self::changed`] waits for anything later.
    pub fn now(&mut self) -> Arc<BoardState> {
        Arc::clone(&self.states.borrow_and_update())
    }

    /// Waits for something new; `false` when nothing comes any more.
    pub async fn changed(&mut self) -> bool {
        self.states.changed().await.is_ok()
    }
}

impl Drop for BoardView {
    fn drop(&mut self) {
        let mut watched = self.boards.watched();
        if let Some(entry) = watched.get_mut(&self.key) {
            entry.looking -= 1;
            if entry.looking == 0 {
                entry.stop.cancel();
                watched.remove(&self.key);
            }
        }
    }
}

impl App {
    /// Looks at the `n`-th board of an attempt's lab, which is `board`.
    pub fn look_at_board(&self, attempt: &Attempt, n: usize, board: &Board) -> BoardView {
        let key = (attempt.id, n);
        let mut watched = self.boards.watched();
        let entry = watched.entry(key).or_insert_with(|| {
            let screen = Arc::new(Screen::new());
            let stop = self.stop.child_token();
            let (app, board) = (self.clone(), board.clone());
            let (shown, stopped) = (Arc::clone(&screen), stop.clone());
            self.tasks.spawn(async move {
                tokio::select! {
                    () = stopped.cancelled() => {}
                    never = app.watch_board(key.0, &board, &shown) => match never {},
                }
            });
            Watched {
                looking: 0,
                screen,
                stop,
            }
        });
        entry.looking += 1;
        BoardView {
            states: entry.screen.0.subscribe(),
            boards: self.boards.clone(),
            key,
        }
    }

    async fn watch_board(&self, attempt: AttemptId, board: &Board, screen: &Screen) -> Infallible {
        let mut news = self.events.subscribe(attempt);
        loop {
            let Ok(sandbox) = self.ready_sandbox(attempt).await else {
                screen.waiting();
                tokio::select! {
                    () = sandbox_news(&mut news) => {}
                    () = sleep(LOOK_AGAIN) => {}
                }
                continue;
            };
            let reach = Reach::new(self, &sandbox);
            let trouble = tokio::select! {
                Err(trouble) = follow(&reach, board, screen) => trouble,
                () = self.replaced(&sandbox, &mut news) => {
                    screen.waiting();
                    continue;
                }
            };
            tracing::debug!(
                attempt.id = %attempt, board.kind = board.kind(), error = %trouble, "no picture"
            );
            screen.silent();
            tokio::select! {
                () = sandbox_news(&mut news) => {}
                () = sleep(TRY_AGAIN) => {}
            }
        }
    }

    /// Waits until a sandbox is not the ready one of its attempt any more.
    async fn replaced(&self, sandbox: &Sandbox, news: &mut broadcast::Receiver<Event>) {
        loop {
            sandbox_news(news).await;
            let now = self.ready_sandbox(sandbox.attempt_id).await;
            if !now.is_ok_and(|s| s.id == sandbox.id && s.generation == sandbox.generation) {
                return;
            }
        }
    }
}

/// Waits for news of the sandbox.
async fn sandbox_news(news: &mut broadcast::Receiver<Event>) {
    loop {
        match news.recv().await {
            Ok(Event::Sandbox) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Ok(_) => {}
            // The channel lives as long as its receiver; were it gone, nothing would ever come.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Keeps the screen up to date until something goes wrong.
async fn follow(reach: &Reach<'_>, board: &Board, screen: &Screen) -> Result<Infallible, Trouble> {
    match board {
        Board::Docker { machine } => docker::follow(reach, machine, screen).await,
        Board::Kubernetes {} => kubernetes::follow(reach, screen).await,
        Board::Rabbitmq { machine } => rabbitmq::follow(reach, machine, screen).await,
        Board::Etcd { machines } => etcd::follow(reach, machines, screen).await,
    }
}

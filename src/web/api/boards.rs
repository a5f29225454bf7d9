//! GET `/api/attempts/{attempt}/boards`: the boards of an open lab page, as they change.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event as Message, KeepAlive},
    },
};
use futures_util::future::select_all;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    services::{
        App,
        boards::{BoardState, BoardView},
    },
    store::attempts::Attempt,
    web::{
        access::{self, CHECK_EVERY, Right},
        error::WebError,
        extract::SeenAttempt,
        limits::{Stream, StreamPermit},
        state::Web,
    },
};

/// Messages that wait for a slow page: one a board and one more. What comes meanwhile is one
/// picture, the latest.
const QUEUE: usize = 4;
/// How long a page may take none of them before it is given up.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);
/// How often a comment shows proxies and the browser that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a browser shall come back after the server ended.
const COME_BACK: Duration = Duration::from_secs(2);

type Sender = mpsc::Sender<Result<Message, Infallible>>;

pub(in crate::web) async fn follow(
    State(web): State<Web>,
    seen: SeenAttempt,
) -> Result<Response, WebError> {
    let SeenAttempt { attempt, viewer } = seen;
    let cookie = viewer.session().cookie().to_owned();
    let version = web.app.lab_version(attempt.lab_version_id).await?;
    let boards = &version.lab.boards;
    if boards.is_empty() {
        return Err(WebError::NotFound);
    }
    let permit = web
        .limits
        .acquire(Stream::Boards, &cookie)
        .ok_or(WebError::TooManyStreams)?;
    let views = boards
        .iter()
        .enumerate()
        .map(|(n, board)| web.app.look_at_board(&attempt, n, board));
    let (sender, receiver) = mpsc::channel(QUEUE);
    let follower = Follower {
        views: views.collect(),
        app: web.app.clone(),
        attempt,
        cookie,
        sender,
        _permit: permit,
    };
    web.app.tasks.spawn(follower.run());
    let stream = Sse::new(ReceiverStream::new(receiver));
    Ok(stream
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// The event `board`.
#[derive(Debug, Serialize)]
struct BoardData<'a> {
    /// Its place among the lab's boards.
    board: usize,
    #[serde(flatten)]
    state: &'a BoardState,
}

/// Tells one page how its boards are.
struct Follower {
    app: App,
    attempt: Attempt,
    cookie: String,
    views: Vec<BoardView>,
    sender: Sender,
    _permit: StreamPermit,
}

/// Why the stream ends.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the page is gone")]
    Gone,
    #[error("the server ends")]
    Stop,
    #[error("not allowed any more")]
    NotAllowed,
    #[error("a message can't be written: {0}")]
    Message(#[from] axum::Error),
}

impl Follower {
    async fn run(mut self) {
        let end = match self.follow().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        match end {
            End::Stop => {
                let _ = self
                    .sender
                    .try_send(Ok(Message::default().retry(COME_BACK)));
            }
            End::Message(_) => {
                tracing::warn!(attempt.id = %self.attempt.id, %end, "a board's stream ended");
            }
            End::Gone | End::NotAllowed => {}
        }
    }

    async fn follow(&mut self) -> Result<Infallible, End> {
        for n in 0..self.views.len() {
            self.tell(n).await?;
        }
        let mut check = tokio::time::interval(CHECK_EVERY);
        loop {
            let changed = tokio::select! {
                () = self.app.stop.cancelled() => return Err(End::Stop),
                () = self.sender.closed() => return Err(End::Gone),
                _ = check.tick() => {
                    if !access::holds(&self.app, &self.cookie, &self.attempt, Right::Look).await {
                        return Err(End::NotAllowed);
                    }
                    continue;
                }
                changed = any(&mut self.views) => changed,
            };
            // Its watcher ends with the server only.
            let n = changed.ok_or(End::Stop)?;
            self.tell(n).await?;
        }
    }

    async fn tell(&mut self, n: usize) -> Result<(), End> {
        let Some(view) = self.views.get_mut(n) else {
            return Ok(());
        };
        let state: Arc<BoardState> = view.now();
        let data = BoardData {
            board: n,
            state: &state,
        };
        let message = Message::default().event("board").json_data(&data)?;
        tokio::select! {
            () = self.app.stop.cancelled() => Err(End::Stop),
            sent = self.sender.send_timeout(Ok(message), SEND_TIMEOUT) => {
                sent.map_err(|_| End::Gone)
            }
        }
    }
}

type Waiting<'a> = Pin<Box<dyn Future<Output = Option<usize>> + Send + 'a>>;

/// Waits until one of the boards changed; `None` when it never will again.
async fn any(views: &mut [BoardView]) -> Option<usize> {
    let waiting = views
        .iter_mut()
        .enumerate()
        .map(|(n, view)| -> Waiting<'_> {
            Box::pin(async move { view.changed().await.then_some(n) })
        });
    select_all(waiting).await.0
}

//! GET `/ws/attempts/{attempt}/machines/{machine}/terminals/{n}?from=`
//!
//! A browser learns nothing from a refused handshake: whoever may not connect, or can't now, gets
//! a connection that is closed at once with a code that says why. Only foreign origins are refused
//! before.

use axum::{
    extract::{
        State,
        ws::{
            CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
        },
    },
    response::Response,
};
use serde::Deserialize;

use super::bridge::{Bridge, Close};
use crate::{
    domain::ids::Slug,
    services::{App, Refusal, ServiceError, workspace::TerminalView},
    web::{
        error::WebError,
        extract::{OwnAttempt, PathParts, QueryParts},
        limits::Stream,
        state::Web,
    },
};

/// What a library may buffer of one message: more than we accept, so that we can say why not.
const MAX_BUFFERED: usize = 1 << 20;
/// What may wait to be written before writing fails.
const MAX_UNWRITTEN: usize = 1 << 20;

#[derive(Debug, Deserialize)]
pub(in crate::web) struct At {
    machine: Slug,
    n: u8,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Resume {
    from: Option<u64>,
}

pub(in crate::web) async fn open(
    State(web): State<Web>,
    own: Result<OwnAttempt, WebError>,
    PathParts(At { machine, n }): PathParts<At>,
    QueryParts(Resume { from }): QueryParts<Resume>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, WebError> {
    let upgrade = upgrade.map_err(|e| WebError::of_status(e.status(), e.body_text()))?;
    let upgrade = upgrade
        .max_message_size(MAX_BUFFERED)
        .max_frame_size(MAX_BUFFERED)
        .max_write_buffer_size(MAX_UNWRITTEN);
    let own = match own {
        Ok(own) => own,
        Err(error) => {
            let close = refused(&error);
            return Ok(upgrade.on_upgrade(move |socket| say_goodbye(socket, close)));
        }
    };
    let cookie = own.learner.session().cookie().to_owned();
    let Some(permit) = web.limits.acquire(Stream::Terminal, &cookie) else {
        return Ok(upgrade.on_upgrade(|socket| say_goodbye(socket, Close::TooMany)));
    };
    let app = web.app;
    Ok(upgrade.on_upgrade(async move |socket| {
        let _permit = permit;
        // Before looking at the sandbox, so that its end is not missed.
        let news = app.events.subscribe(own.attempt.id);
        let attempt = own.attempt;
        match app.open_terminal(&attempt, &machine, n, from).await {
            Ok(view) => run(app, attempt, cookie, news, view, socket).await,
            Err(error) => {
                tracing::debug!(attempt.id = %attempt.id, %error, "no terminal");
                say_goodbye(socket, unopened(&error)).await;
            }
        }
    }))
}

async fn run(
    app: App,
    attempt: crate::store::attempts::Attempt,
    cookie: String,
    news: tokio::sync::broadcast::Receiver<crate::services::events::Event>,
    view: TerminalView,
    socket: WebSocket,
) {
    let tasks = app.tasks.clone();
    let bridge = Bridge {
        app,
        attempt,
        cookie,
        news,
    };
    // The connection's own task is none of the tracker's: this way the server's end waits for it.
    let close = tasks.track_future(bridge.run(view, socket)).await;
    tracing::debug!(?close, "a terminal's connection ended");
}

async fn say_goodbye(mut socket: WebSocket, close: Close) {
    let frame = CloseFrame {
        code: close.code(),
        reason: close.reason().into(),
    };
    let goodbye = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            // The browser's answer; without waiting for it the code may get lost.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = tokio::time::timeout(super::bridge::GOODBYE, goodbye).await;
}

fn refused(error: &WebError) -> Close {
    match error {
        WebError::SignInRequired => Close::SignedOut,
        WebError::NotFound | WebError::Forbidden => Close::NotYours,
        _ => Close::Restart,
    }
}

fn unopened(error: &ServiceError) -> Close {
    match error {
        ServiceError::NotFound
        | ServiceError::Refused(
            Refusal::SandboxNotReady | Refusal::SandboxEnded | Refusal::NoSuchMachine,
        ) => Close::NoSandbox,
        ServiceError::Refused(Refusal::TooManyTerminals) => Close::TooMany,
        _ => Close::Restart,
    }
}

//! Between a browser's WebSocket and a terminal in a machine.
//!
//! Memory is bounded: at most one message waits in each direction besides what the network holds.
//! Nothing is read from the agent before the last output was written to the browser, and nothing
//! from the browser before its last message was passed on, so that either side slows the other.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use slipway_agent::{
    client::{AgentError, TerminalSender},
    protocol::TerminalEvent,
};
use tokio::{
    sync::{broadcast, mpsc},
    time::Instant,
};

use super::frame::{self, FromBrowser, MAX_MESSAGE};
use crate::{
    domain::sandbox::SandboxState,
    services::{App, events::Event, workspace::TerminalView},
    store::{attempts::Attempt, sandboxes::Sandbox},
    web::access::{self, CHECK_EVERY, Right},
};

/// How often the browser is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long nothing may come from it or be taken by it until it is given up.
const SILENCE: Duration = Duration::from_mins(1);
/// How long saying goodbye may take.
pub(super) const GOODBYE: Duration = Duration::from_secs(5);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// The browser left, or vanished.
    Gone,
    /// The shell ended, and all was said.
    Exited,
    /// The server or the way to the machine broke: connect again.
    Restart,
    /// Too many terminals.
    TooMany,
    /// The browser sent what is no message.
    Malformed,
    /// Nobody is signed in (any more).
    SignedOut,
    /// It is not theirs.
    NotYours,
    /// The sandbox ended, was reset or is not ready.
    NoSandbox,
    /// A message was too large.
    TooLarge,
}

impl Close {
    /// The WebSocket close code.
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::Gone | Self::Exited => 1000,
            Self::Malformed => 1007,
            Self::Restart => 1012,
            Self::TooMany => 1013,
            Self::SignedOut => 4401,
            Self::NotYours => 4403,
            Self::NoSandbox => 4404,
            Self::TooLarge => 4413,
        }
    }

    /// For people who look at the connection.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Gone => "",
            Self::Exited => "the shell ended",
            Self::Malformed => "malformed message",
            Self::Restart => "connect again",
            Self::TooMany => "too many terminals",
            Self::SignedOut => "signed out",
            Self::NotYours => "not yours",
            Self::NoSandbox => "the sandbox is not there",
            Self::TooLarge => "message too large",
        }
    }
}

/// What a bridge needs to know when to end.
pub(super) struct Bridge {
    pub(super) app: App,
    pub(super) attempt: Attempt,
    pub(super) cookie: String,
    pub(super) news: broadcast::Receiver<Event>,
}

/// What can happen.
enum Happened {
    /// The browser said something, or left.
    Browser(
        mpsc::OwnedPermit<FromBrowser>,
        Option<Result<Message, axum::Error>>,
    ),
    /// The terminal did something, or its stream ended.
    Terminal(
        mpsc::OwnedPermit<Message>,
        Result<Option<TerminalEvent>, AgentError>,
    ),
    /// Writing to the browser ended, which it never does by itself.
    BrowserBroke,
    /// Passing on to the terminal ended, which it never does by itself.
    TerminalBroke,
    /// Something happened to the attempt.
    News(Result<Event, broadcast::error::RecvError>),
    /// Time to ask whether all is as it was.
    Check,
    /// Time to ask whether the browser is there.
    Ping,
    /// The server ends.
    Stop,
}

impl Bridge {
    /// Passes bytes on until something ends it, then says why.
    pub(super) async fn run(mut self, view: TerminalView, socket: WebSocket) -> Close {
        let TerminalView {
            info,
            sender,
            mut receiver,
            sandbox,
        } = view;
        let (sink, mut stream) = socket.split();
        let (to_browser, outgoing) = mpsc::channel(1);
        let (to_terminal, incoming) = mpsc::channel(1);
        let mut writing = Box::pin(write(outgoing, sink));
        let mut passing = Box::pin(pass_on(incoming, sender));
        let mut check = tokio::time::interval(CHECK_EVERY);
        let mut ping = tokio::time::interval(PING_EVERY);
        let mut alive = Instant::now();
        let mut exited = false;
        // The channel is empty.
        let _ = to_browser.try_send(Message::Binary(frame::hello(info.end)));

        let close = loop {
            let happened = tokio::select! {
                () = self.app.stop.cancelled() => Happened::Stop,
                () = &mut writing => Happened::BrowserBroke,
                () = &mut passing => Happened::TerminalBroke,
                news = self.news.recv() => Happened::News(news),
                _ = check.tick() => Happened::Check,
                _ = ping.tick() => Happened::Ping,
                (permit, message) = next_message(&to_terminal, &mut stream) => {
                    match permit {
                        Some(permit) => Happened::Browser(permit, message),
                        None => Happened::TerminalBroke,
                    }
                }
                (permit, event) = async {
                    let permit = to_browser.clone().reserve_owned().await.ok();
                    (permit, receiver.next().await)
                }, if !exited => match permit {
                    Some(permit) => Happened::Terminal(permit, event),
                    None => Happened::BrowserBroke,
                },
            };
            match happened {
                Happened::Browser(permit, Some(Ok(message))) => {
                    alive = Instant::now();
                    match message {
                        Message::Binary(bytes) if bytes.len() > MAX_MESSAGE => {
                            break Close::TooLarge;
                        }
                        Message::Binary(bytes) => match FromBrowser::decode(bytes) {
                            Ok(message) => {
                                permit.send(message);
                            }
                            Err(_) => break Close::Malformed,
                        },
                        Message::Text(_) => break Close::Malformed,
                        Message::Ping(_) | Message::Pong(_) => {}
                        Message::Close(_) => break Close::Gone,
                    }
                }
                Happened::Browser(_, Some(Err(error))) => {
                    // The library has no better way to say so.
                    let is_large = error.to_string().contains("too long");
                    break if is_large {
                        Close::TooLarge
                    } else {
                        Close::Gone
                    };
                }
                Happened::Browser(_, None) | Happened::BrowserBroke => break Close::Gone,
                Happened::Terminal(permit, Ok(Some(event))) => {
                    // There was room: the browser took the message before.
                    alive = Instant::now();
                    exited = matches!(event, TerminalEvent::Exit(_));
                    permit.send(Message::Binary(frame::encode(&event)));
                }
                // After its end the shell takes no input: the browser connects anew for the next.
                Happened::TerminalBroke if exited => break Close::Exited,
                Happened::News(Ok(Event::Sandbox) | Err(_)) | Happened::Check => {
                    if let Some(close) = self.ended(&sandbox).await {
                        break close;
                    }
                }
                Happened::News(Ok(_)) => {}
                Happened::Ping => {
                    if to_terminal.capacity() == 0 {
                        // It is we who do not listen: the machine takes no input.
                        alive = Instant::now();
                    }
                    if alive.elapsed() > SILENCE {
                        break Close::Gone;
                    }
                    // When there is no room, writing is under way, which tells as much.
                    let _ = to_browser.try_send(Message::Ping(Bytes::new()));
                }
                Happened::Stop => break Close::Restart,
                // Who takes the machine away says so first in the store, and the way to it may break
                // before the news of that arrives.
                Happened::Terminal(_, Ok(None) | Err(_)) | Happened::TerminalBroke => {
                    break self.ended(&sandbox).await.unwrap_or(Close::Restart);
                }
            }
        };
        if close != Close::Gone {
            let goodbye = goodbye(close, to_browser, writing, stream);
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
        close
    }

    /// Why the connection must end, if it must.
    async fn ended(&self, sandbox: &Sandbox) -> Option<Close> {
        if !access::holds(&self.app, &self.cookie, &self.attempt, Right::Act).await {
            return Some(Close::SignedOut);
        }
        // A store that can't tell for the moment changes nothing.
        let now = self.app.store.sandbox(sandbox.id).await.ok()?;
        let same = now.is_some_and(|now| {
            now.generation == sandbox.generation
                && matches!(now.state, SandboxState::Ready | SandboxState::Paused)
        });
        (!same).then_some(Close::NoSandbox)
    }
}

/// The browser's next message, once the last one was passed on. Safe to drop half-way.
async fn next_message<S>(
    to_terminal: &mpsc::Sender<FromBrowser>,
    stream: &mut S,
) -> (
    Option<mpsc::OwnedPermit<FromBrowser>>,
    Option<Result<Message, axum::Error>>,
)
where
    S: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    match to_terminal.clone().reserve_owned().await {
        Ok(permit) => (Some(permit), stream.next().await),
        Err(_) => (None, None),
    }
}

/// Writes to the browser until it is gone or nothing more comes.
async fn write(
    mut outgoing: mpsc::Receiver<Message>,
    mut sink: impl Sink<Message, Error = axum::Error> + Unpin,
) {
    while let Some(message) = outgoing.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

/// Passes on to the terminal until it is gone or nothing more comes.
async fn pass_on(mut incoming: mpsc::Receiver<FromBrowser>, terminal: TerminalSender) {
    while let Some(message) = incoming.recv().await {
        let passed = match message {
            FromBrowser::Input(bytes) => terminal.input(bytes).await,
            FromBrowser::Resize { cols, rows } => terminal.resize(cols, rows).await,
            FromBrowser::Ack(offset) => terminal.ack(offset).await,
        };
        if passed.is_err() {
            return;
        }
    }
}

/// Tells the browser why, after what was written before, and waits for its answer: without, the
/// code may get lost.
async fn goodbye<W, S>(close: Close, to_browser: mpsc::Sender<Message>, writing: W, mut stream: S)
where
    W: Future<Output = ()>,
    S: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    let frame = CloseFrame {
        code: close.code(),
        reason: close.reason().into(),
    };
    let say = async move {
        let _ = to_browser.send(Message::Close(Some(frame))).await;
    };
    let wait = async move { while let Some(Ok(_)) = stream.next().await {} };
    tokio::join!(say, writing, wait);
}

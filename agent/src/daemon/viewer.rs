//! One attached viewer: frames in, frames out.

use super::Agent;
use super::terminal::{Next, Terminal};
use crate::body::{Body, ChannelBody};
use crate::protocol::{FrameDecoder, TerminalEvent, TerminalInput};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Either};
use hyper::body::Incoming;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Output per frame. Small, so that a viewer's acknowledgements keep a steady pace.
const CHUNK: usize = 16 * 1024;
/// Frames that wait for the stream. Few: what waits here is late when Ctrl-C is pressed.
const DEPTH: usize = 2;

/// Attaches a viewer and returns the body that carries its output.
pub(super) fn attach(
    agent: &Arc<Agent>,
    terminal: &Arc<Terminal>,
    from: Option<u64>,
    incoming: Incoming,
) -> Body {
    let (id, start) = terminal.attach(from);
    let viewer = Viewer {
        agent: agent.clone(),
        terminal: terminal.clone(),
        id,
        _presence: agent.activity.viewer(),
    };
    let (frames, body) = ChannelBody::new(DEPTH);
    let replays_elsewhere = from.map_or(start != 0, |from| from != start);
    agent.spawn(async move {
        tokio::select! {
            () = viewer.output(start, replays_elsewhere, frames) => {}
            () = viewer.input(incoming) => {}
        }
    });
    Either::Right(body)
}

struct Viewer {
    agent: Arc<Agent>,
    terminal: Arc<Terminal>,
    id: u64,
    _presence: super::activity::Presence,
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.terminal.detach(self.id);
    }
}

impl Viewer {
    async fn output(&self, start: u64, skipped: bool, frames: mpsc::Sender<Bytes>) {
        let mut sent = start;
        if skipped
            && frames
                .send(TerminalEvent::Skipped { to: start }.encode())
                .await
                .is_err()
        {
            return;
        }
        let mut changed = self.terminal.changed.subscribe();
        loop {
            // Before looking, so that a change while looking is not missed.
            changed.mark_unchanged();
            let event = match self.terminal.next(self.id, sent, CHUNK) {
                Next::Data { offset, bytes } => {
                    sent = offset + bytes.len() as u64;
                    TerminalEvent::Data { offset, bytes }
                }
                Next::Skipped { to } => {
                    sent = to;
                    TerminalEvent::Skipped { to }
                }
                Next::Exit(status) => {
                    let _ = frames.send(TerminalEvent::Exit(status).encode()).await;
                    return;
                }
                Next::Wait => {
                    tokio::select! {
                        result = changed.changed() => if result.is_err() { return },
                        () = frames.closed() => return,
                    }
                    continue;
                }
            };
            if frames.send(event.encode()).await.is_err() {
                return;
            }
        }
    }

    /// Returns when the viewer is gone or talks nonsense.
    async fn input(&self, mut incoming: Incoming) {
        let mut decoder = FrameDecoder::default();
        while let Some(Ok(frame)) = incoming.frame().await {
            let Ok(data) = frame.into_data() else {
                continue;
            };
            decoder.push(&data);
            loop {
                match decoder
                    .next_frame()
                    .and_then(|f| f.map(TerminalInput::decode).transpose())
                {
                    Ok(None) => break,
                    Ok(Some(message)) => self.handle(message).await,
                    Err(_) => return,
                }
            }
        }
    }

    async fn handle(&self, message: TerminalInput) {
        match message {
            TerminalInput::Input(bytes) if bytes.is_empty() => {}
            TerminalInput::Input(bytes) => {
                self.agent.activity.touch();
                self.terminal.input(self.id, bytes).await;
            }
            TerminalInput::Resize { cols, rows } => self.terminal.resize(cols, rows),
            TerminalInput::Ack(offset) => self.terminal.ack(self.id, offset),
        }
    }
}

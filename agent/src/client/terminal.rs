//! The viewer's two halves of an attached terminal.

use super::{AgentError, Result};
use crate::protocol::{FrameDecoder, TerminalEvent, TerminalInput};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

/// Input of one frame at most.
const INPUT_CHUNK: usize = 16 * 1024;

/// Towards the terminal. Clones feed the same terminal; when all are gone, the viewer detaches.
#[derive(Debug, Clone)]
pub struct TerminalSender {
    frames: mpsc::Sender<Bytes>,
}

impl TerminalSender {
    pub(super) fn new(frames: mpsc::Sender<Bytes>) -> Self {
        Self { frames }
    }

    /// Types. Waits while the terminal's input is full, so a huge paste is paced by what the
    /// program in the terminal reads.
    pub async fn input(&self, bytes: Bytes) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let chunk = rest.split_to(rest.len().min(INPUT_CHUNK));
            self.send(&TerminalInput::Input(chunk)).await?;
        }
        Ok(())
    }

    /// Tells the terminal the viewer's size; the last one told counts.
    pub async fn resize(&self, cols: u16, rows: u16) -> Result<()> {
        self.send(&TerminalInput::Resize { cols, rows }).await
    }

    /// Says that everything before `offset` is consumed, which lets more output come.
    pub async fn ack(&self, offset: u64) -> Result<()> {
        self.send(&TerminalInput::Ack(offset)).await
    }

    async fn send(&self, message: &TerminalInput) -> Result<()> {
        let gone = |_| AgentError::Transport("the terminal's stream is closed".to_owned());
        self.frames.send(message.encode()).await.map_err(gone)
    }
}

/// From the terminal. Dropping it detaches the viewer; the terminal lives on.
#[derive(Debug)]
pub struct TerminalReceiver {
    incoming: Incoming,
    decoder: FrameDecoder,
    /// Where the next data must start, once known.
    next: Option<u64>,
}

impl TerminalReceiver {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            decoder: FrameDecoder::default(),
            next: None,
        }
    }

    /// The next event; `None` when the stream has ended. Cancel-safe.
    ///
    /// Offsets are checked: data always continues where the last event ended.
    pub async fn next(&mut self) -> Result<Option<TerminalEvent>> {
        let nonsense = |e: crate::protocol::FrameError| AgentError::Protocol(e.to_string());
        loop {
            if let Some(frame) = self.decoder.next_frame().map_err(nonsense)? {
                let event = TerminalEvent::decode(frame).map_err(nonsense)?;
                self.follow(&event)?;
                return Ok(Some(event));
            }
            match self.incoming.frame().await {
                None => {
                    self.decoder.finish().map_err(nonsense)?;
                    return Ok(None);
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.decoder.push(&data);
                    }
                }
                Some(Err(error)) => return Err(AgentError::Transport(error.to_string())),
            }
        }
    }

    fn follow(&mut self, event: &TerminalEvent) -> Result<()> {
        let odd = || AgentError::Protocol("terminal offsets do not fit together".to_owned());
        match event {
            TerminalEvent::Data { offset, bytes } => {
                if self.next.is_some_and(|next| next != *offset) {
                    return Err(odd());
                }
                let length = u64::try_from(bytes.len()).map_err(|_| odd())?;
                self.next = Some(offset.checked_add(length).ok_or_else(odd)?);
            }
            TerminalEvent::Skipped { to } => self.next = Some(*to),
            TerminalEvent::Exit(_) => {}
        }
        Ok(())
    }
}

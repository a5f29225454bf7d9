//! Following changes of files.

use super::{AgentError, Result};
use crate::protocol::{FRAME_CHANGES, FileChanges, FrameDecoder, Validate};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

/// A stream of changes. Dropping it ends the watch.
#[derive(Debug)]
pub struct FileWatch {
    // The agent takes the end of the request for the end of the watch.
    _alive: mpsc::Sender<Bytes>,
    incoming: Incoming,
    decoder: FrameDecoder,
}

impl FileWatch {
    pub(super) fn new(alive: mpsc::Sender<Bytes>, incoming: Incoming) -> Self {
        Self {
            _alive: alive,
            incoming,
            decoder: FrameDecoder::default(),
        }
    }

    /// The next changes; `None` when the stream has ended. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<FileChanges>> {
        let nonsense = |e: &dyn std::fmt::Display| AgentError::Protocol(e.to_string());
        loop {
            if let Some(frame) = self.decoder.next_frame().map_err(|e| nonsense(&e))? {
                if frame.kind != FRAME_CHANGES {
                    return Err(AgentError::Protocol("not a change event".to_owned()));
                }
                let changes: FileChanges =
                    serde_json::from_slice(&frame.payload).map_err(|e| nonsense(&e))?;
                changes.validate().map_err(|e| nonsense(&e))?;
                return Ok(Some(changes));
            }
            match self.incoming.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.decoder.push(&data);
                    }
                }
                Some(Err(error)) => return Err(AgentError::Transport(error.to_string())),
            }
        }
    }
}

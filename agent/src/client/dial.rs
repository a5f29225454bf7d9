//! A byte stream to something inside a machine.

use bytes::{Buf, Bytes};
use hyper::body::{Body as _, Incoming};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

/// Most bytes carried by one chunk.
const CHUNK: usize = 16 * 1024;

/// Both directions of a dialled connection. Dropping it closes the connection; shutting it down
/// closes the direction towards the machine only.
#[derive(Debug)]
pub struct DialStream {
    sender: PollSender<Bytes>,
    incoming: Incoming,
    rest: Bytes,
    ended: bool,
    peer: Option<u32>,
}

impl DialStream {
    pub(super) fn new(sender: mpsc::Sender<Bytes>, incoming: Incoming) -> Self {
        Self {
            sender: PollSender::new(sender),
            incoming,
            rest: Bytes::new(),
            ended: false,
            peer: None,
        }
    }

    pub(super) fn with_peer(mut self, peer: Option<u32>) -> Self {
        self.peer = peer;
        self
    }

    /// The process that listens on the Unix socket, when the dial asked for one writer.
    pub fn peer(&self) -> Option<u32> {
        self.peer
    }
}

impl AsyncRead for DialStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.rest.is_empty() {
                let take = self.rest.len().min(out.remaining());
                out.put_slice(&self.rest[..take]);
                self.rest.advance(take);
                return Poll::Ready(Ok(()));
            }
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                None => self.ended = true,
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, error)));
                }
            }
        }
    }
}

impl AsyncWrite for DialStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        ready!(self.sender.poll_reserve(cx)).map_err(|_| closed())?;
        let take = bytes.len().min(CHUNK);
        self.sender
            .send_item(Bytes::copy_from_slice(&bytes[..take]))
            .map_err(|_| closed())?;
        Poll::Ready(Ok(take))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sender.close();
        Poll::Ready(Ok(()))
    }
}

//! HTTP bodies that both sides use.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Either, Full};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// A body fed through a bounded channel; ends when every sender is gone.
#[derive(Debug)]
pub(crate) struct ChannelBody(mpsc::Receiver<Bytes>);

impl ChannelBody {
    /// The body and what feeds it. `depth` chunks wait at most.
    pub(crate) fn new(depth: usize) -> (mpsc::Sender<Bytes>, Self) {
        let (sender, receiver) = mpsc::channel(depth);
        (sender, Self(receiver))
    }
}

impl http_body::Body for ChannelBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|chunk| chunk.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Whole or streamed.
pub(crate) type Body = Either<Full<Bytes>, ChannelBody>;

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Either::Left(Full::new(bytes.into()))
}

/// Why a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    #[error("{0}")]
    Broken(String),
}

/// Reads a body to its end, but never holds more than `limit` bytes.
pub(crate) async fn read_to_end(
    mut body: hyper::body::Incoming,
    limit: usize,
) -> Result<Bytes, ReadError> {
    let mut whole = bytes::BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| ReadError::Broken(e.to_string()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(ReadError::TooLong(limit));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

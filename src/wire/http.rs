//! One HTTP/1.1 request over a stream that leads to somebody hostile.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, Response, StatusCode, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

/// Most bytes of the answer's head.
pub(super) const MAX_HEAD: usize = 64 * 1024;

/// A whole answer, but for what of its body is beyond the bound.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The head's fields.
    pub headers: HeaderMap,
    /// The body, up to the bound.
    pub body: Vec<u8>,
    /// The body went on.
    pub truncated: bool,
}

/// No complete, valid answer came.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Too slow.
    #[error("no complete answer in time")]
    Slow,
    /// Not HTTP, too large a head, or cut short.
    #[error("no valid HTTP answer: {0}")]
    Broken(#[from] hyper::Error),
}

/// Sends one request and reads its answer, redirects as they are.
pub async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    within: Duration,
    most: usize,
) -> Result<Answer, ExchangeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    timeout(within, talk(stream, request, most))
        .await
        .unwrap_or(Err(ExchangeError::Slow))
}

async fn talk<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Answer, ExchangeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await?;
    let answer = pin!(async move {
        let response = sender.send_request(request).await?;
        read(response, most).await
    });
    // The connection does the reading and writing; both live and die with this call.
    match select(answer, pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answer)) => answer.await,
    }
}

/// Reads an answer's body up to the bound.
pub(super) async fn read(
    response: Response<Incoming>,
    most: usize,
) -> Result<Answer, ExchangeError> {
    let (head, mut body) = response.into_parts();
    let mut kept = Vec::new();
    let mut truncated = false;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        let room = most - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            truncated = true;
            break;
        }
    }
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: kept,
        truncated,
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const MOST: usize = 256 * 1024;

    fn get() -> Request<Full<Bytes>> {
        Request::get("/")
            .header("host", "desk")
            .body(Full::default())
            .unwrap()
    }

    /// Runs the exchange against a server that reads the head and then does as `serve` says.
    async fn against<F, Fut>(within: Duration, serve: F) -> Result<Answer, ExchangeError>
    where
        F: FnOnce(DuplexStream) -> Fut,
        Fut: Future<Output = ()>,
    {
        let (ours, mut theirs) = duplex(16 * 1024);
        let server = async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(theirs.read_u8().await.unwrap());
            }
            serve(theirs).await;
        };
        let mut client = pin!(exchange(ours, get(), within, MOST));
        match select(&mut client, pin!(server)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => client.await,
        }
    }

    async fn sends(bytes: &'static [u8]) -> Result<Answer, ExchangeError> {
        against(Duration::from_secs(30), move |mut stream| async move {
            stream.write_all(bytes).await.unwrap();
        })
        .await
    }

    #[tokio::test]
    async fn an_ordinary_answer_is_read_whole() {
        let answer = sends(b"HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello")
            .await
            .unwrap();
        assert_eq!(answer.status, 404);
        assert_eq!(answer.headers["x-a"], "b");
        assert_eq!(answer.body, b"hello");
        assert!(!answer.truncated);
    }

    #[tokio::test]
    async fn an_answer_that_is_shorter_than_it_says_is_not_an_answer() {
        let cut = sends(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
        assert!(matches!(cut, Err(ExchangeError::Broken(_))), "{cut:?}");
        let cut = sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhello").await;
        assert!(matches!(cut, Err(ExchangeError::Broken(_))), "{cut:?}");
        let cut = sends(b"HTTP/1.1 200 OK\r\ncontent-").await;
        assert!(matches!(cut, Err(ExchangeError::Broken(_))), "{cut:?}");
    }

    #[tokio::test]
    async fn noise_is_not_an_answer() {
        for noise in [
            &b"SSH-2.0-OpenSSH_9.9\r\n\r\n"[..],
            b"\xff\xfe\0\0\r\n\r\n",
            b"",
        ] {
            let answer = sends(noise).await;
            assert!(
                matches!(answer, Err(ExchangeError::Broken(_))),
                "{answer:?}"
            );
        }
        let answer = sends(b"HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nab").await;
        assert!(
            matches!(answer, Err(ExchangeError::Broken(_))),
            "{answer:?}"
        );
    }

    #[tokio::test]
    async fn endless_headers_end_at_the_bound() {
        let answer = against(Duration::from_secs(30), |mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream
                .write_all(b"x-filler: aaaaaaaaaaaaaaaaaaaaaaaa\r\n")
                .await
                .is_ok()
            {}
        })
        .await;
        assert!(
            matches!(answer, Err(ExchangeError::Broken(_))),
            "{answer:?}"
        );
    }

    #[tokio::test]
    async fn a_gigabyte_is_read_up_to_the_bound() {
        let answer = against(Duration::from_secs(30), |mut stream| async move {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
                .await;
            while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
        })
        .await
        .unwrap();
        assert_eq!(answer.body.len(), MOST);
        assert!(answer.truncated);
    }

    #[tokio::test]
    async fn an_answer_that_drips_runs_out_of_time() {
        let answer = against(Duration::from_millis(80), |mut stream| async move {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
                .await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        assert!(matches!(answer, Err(ExchangeError::Slow)), "{answer:?}");
        let silent = against(Duration::from_millis(80), |stream| async move {
            std::future::pending::<()>().await;
            drop(stream);
        })
        .await;
        assert!(matches!(silent, Err(ExchangeError::Slow)), "{silent:?}");
    }
}

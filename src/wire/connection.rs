//! A kept HTTP/1.1 connection: one request after the other, or one whose answer never ends.

use std::{
    fmt,
    pin::{Pin, pin},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, StatusCode,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use super::http::{Answer, ExchangeError, MAX_HEAD, read};

/// Reads and writes; moves only while somebody waits for an answer.
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// No answer came over a kept connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The other side closed it since the last answer.
    #[error("the connection was closed")]
    Closed,
    /// The exchange failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

impl From<hyper::Error> for ConnectionError {
    fn from(error: hyper::Error) -> Self {
        Self::Exchange(error.into())
    }
}

/// A connection that is kept between requests.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once the other side is gone.
    driver: Option<Driver>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// Speaks HTTP over a stream. Nothing is sent yet.
    pub async fn open<S>(stream: S) -> Result<Self, ConnectionError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = Box::pin(async move {
            // How it ended is told by the request that was under way.
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            driver: Some(driver),
        })
    }

    /// Sends a request and reads its answer. After any failure, and after an answer that was cut
    /// short, the connection is of no more use.
    pub async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
        within: Duration,
        most: usize,
    ) -> Result<Answer, ConnectionError> {
        let Self { sender, driver } = self;
        let answer = async {
            sender.ready().await?;
            Ok(read(sender.send_request(request).await?, most).await?)
        };
        timeout(within, drive(driver, answer))
            .await
            .unwrap_or(Err(ExchangeError::Slow.into()))
    }

    /// Sends a request and returns once the answer has begun.
    pub async fn follow(
        self,
        request: Request<Full<Bytes>>,
        within: Duration,
    ) -> Result<Following, ConnectionError> {
        let Self {
            mut sender,
            mut driver,
        } = self;
        let begun = async { Ok(sender.send_request(request).await?) };
        let response = timeout(within, drive(&mut driver, begun))
            .await
            .unwrap_or(Err(ExchangeError::Slow.into()))?;
        let (head, body) = response.into_parts();
        Ok(Following {
            status: head.status,
            body,
            driver,
            _sender: sender,
        })
    }
}

/// An answer that goes on.
pub struct Following {
    /// The status.
    pub status: StatusCode,
    body: Incoming,
    driver: Option<Driver>,
    /// Dropping it would end the connection.
    _sender: SendRequest<Full<Bytes>>,
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Following {
    /// The next bytes; `None` at the end. Waits as long as none come, and loses none when dropped
    /// while waiting.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ConnectionError> {
        let Self { body, driver, .. } = self;
        let next = async {
            loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(frame) => {
                        if let Ok(data) = frame?.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            }
        };
        drive(driver, next).await
    }
}

/// Waits for `work` while the connection moves.
async fn drive<T>(
    driver: &mut Option<Driver>,
    work: impl Future<Output = Result<T, ConnectionError>>,
) -> Result<T, ConnectionError> {
    let Some(connection) = driver.as_mut() else {
        return Err(ConnectionError::Closed);
    };
    match select(pin!(work), connection).await {
        Either::Left((done, _)) => done,
        Either::Right(((), work)) => {
            *driver = None;
            // What was read before the end is still there.
            work.await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    fn get() -> Request<Full<Bytes>> {
        Request::get("/")
            .header("host", "desk")
            .body(Full::default())
            .unwrap()
    }

    async fn head(stream: &mut DuplexStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    }

    #[tokio::test]
    async fn one_connection_carries_many_requests() {
        let (ours, mut theirs) = duplex(1024);
        let served = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&served);
        let server = tokio::spawn(async move {
            for n in 0..3 {
                head(&mut theirs).await;
                counter.fetch_add(1, Ordering::SeqCst);
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{n}");
                theirs.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let mut connection = Connection::open(ours).await.unwrap();
        for n in 0..3 {
            let answer = connection.ask(get(), SOON, 16).await.unwrap();
            assert_eq!(answer.body, n.to_string().as_bytes());
        }
        server.await.unwrap();
        assert_eq!(served.load(Ordering::SeqCst), 3);
        assert!(connection.ask(get(), SOON, 16).await.is_err());
    }

    #[tokio::test]
    async fn an_endless_answer_comes_piece_by_piece() {
        let (ours, mut theirs) = duplex(1024);
        let server = tokio::spawn(async move {
            head(&mut theirs).await;
            let begin = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            theirs.write_all(begin).await.unwrap();
            for piece in ["4\r\none\n\r\n", "4\r\ntwo\n\r\n", "0\r\n\r\n"] {
                theirs.write_all(piece.as_bytes()).await.unwrap();
            }
        });
        let connection = Connection::open(ours).await.unwrap();
        let mut following = connection.follow(get(), SOON).await.unwrap();
        assert_eq!(following.status, 200);
        let mut seen = Vec::new();
        while let Some(piece) = following.next().await.unwrap() {
            seen.extend_from_slice(&piece);
        }
        assert_eq!(seen, b"one\ntwo\n");
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_silent_server_runs_out_of_time() {
        let (ours, _theirs) = duplex(1024);
        let mut connection = Connection::open(ours).await.unwrap();
        let answer = connection.ask(get(), Duration::from_millis(50), 16).await;
        let slow = matches!(answer, Err(ConnectionError::Exchange(ExchangeError::Slow)));
        assert!(slow, "{answer:?}");
    }
}

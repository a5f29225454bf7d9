//! Connections from inside the machine, carried over the server's stream.

use super::failure::Failure;
use super::one_writer::OneWriter;
use super::{Agent, dns, files};
use crate::body::{Body, ChannelBody};
use crate::protocol::{DialTarget, ErrorCode, PEER_HEADER, Validate};
use bytes::BytesMut;
use http::Response;
use http_body_util::{BodyExt as _, Either};
use hyper::body::Incoming;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long a connection may take to come about, all addresses together.
const CONNECT: Duration = Duration::from_secs(8);
const CHUNK: usize = 16 * 1024;
const DEPTH: usize = 4;

pub(super) async fn dial(
    agent: &Arc<Agent>,
    target: DialTarget,
    incoming: Incoming,
) -> Result<Response<Body>, Failure> {
    target.validate()?;
    match target {
        DialTarget::Tcp { host, port } => {
            let late = || Failure::new(ErrorCode::Unreachable, "no connection in time");
            let stream = timeout(CONNECT, tcp(&host, port))
                .await
                .map_err(|_| late())??;
            // Small messages should not wait for more.
            let _ = stream.set_nodelay(true);
            Ok(plain(carry(agent, stream, incoming)))
        }
        DialTarget::Unix { path, one_writer } => {
            let path = path.as_str().to_owned();
            let stream = files::as_learner(agent, move || unix(&path, one_writer)).await?;
            let stream = UnixStream::from_std(stream)?;
            if !one_writer {
                return Ok(plain(carry(agent, stream, incoming)));
            }
            let stream = OneWriter::new(stream)?;
            let peer = stream.peer();
            let mut answer = plain(carry(agent, stream, incoming));
            answer.headers_mut().insert(PEER_HEADER, peer.into());
            Ok(answer)
        }
    }
}

fn plain(body: Body) -> Response<Body> {
    Response::new(body)
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, Failure> {
    let mut last = Failure::new(ErrorCode::Unreachable, "no address");
    for address in dns::resolve(host).await? {
        match TcpStream::connect((address, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Failure::new(ErrorCode::Unreachable, error.to_string()),
        }
    }
    Err(last)
}

/// Connects with this thread's (the learner's) rights, so that no link the learner plants leads
/// to a socket they could not open themselves. Never waits: a full backlog is "unreachable".
fn unix(path: &str, one_writer: bool) -> Result<std::os::unix::net::UnixStream, Failure> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    if one_writer {
        // Before the other side can have written anything.
        OneWriter::ask(&fd)?;
    }
    connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(fd.into())
}

/// Moves bytes both ways until both directions have ended, or the server's side is gone.
pub(super) fn carry<S>(agent: &Arc<Agent>, stream: S, mut incoming: Incoming) -> Body
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (sender, body) = ChannelBody::new(DEPTH);
    agent.spawn(async move {
        let (mut from, mut to) = tokio::io::split(stream);
        let gone = sender.clone();
        let outwards = async move {
            let mut chunk = BytesMut::new();
            loop {
                chunk.reserve(CHUNK);
                match (&mut from).take(CHUNK as u64).read_buf(&mut chunk).await {
                    Ok(1..) => {
                        if sender.send(chunk.split().freeze()).await.is_err() {
                            return;
                        }
                    }
                    Ok(0) | Err(_) => return,
                }
            }
        };
        let inwards = async move {
            while let Some(frame) = incoming.frame().await {
                // A reset from the server's side: the connection is given up.
                let Ok(frame) = frame else { return false };
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                if to.write_all(&data).await.is_err() {
                    return true;
                }
            }
            let _ = to.shutdown().await;
            true
        };
        tokio::pin!(outwards, inwards);
        let ended = tokio::select! {
            () = &mut outwards => return,
            graceful = &mut inwards => graceful,
        };
        if ended {
            tokio::select! {
                () = &mut outwards => {}
                () = gone.closed() => {}
            }
        }
    });
    Either::Right(body)
}

//! The server's side: talks to the agent of one machine over one byte stream.
//!
//! An [`AgentClient`] is a cheap handle; all its requests share the stream, each with its own
//! HTTP/2 stream and window. Nothing the agent answers is believed beyond its form: every
//! answer is bounded and validated, every wait has a time-out.

mod dial;
mod terminal;
mod watch;

pub use dial::DialStream;
pub use terminal::{TerminalReceiver, TerminalSender};
pub use watch::FileWatch;

use crate::body::{Body, ChannelBody, ReadError, full, read_to_end};
use crate::protocol::{
    ACCEPT_WAIT, ARGS_HEADER, AbsPath, AcceptRequest, Activity, AgentInfo, AttachRequest,
    CONNECTION_WINDOW, DialTarget, DirListing, ErrorBody, ErrorCode, ExecOutcome, ExecRequest,
    FileContent, FileMeta, FileVersion, Invalid, MAX_ANSWER_JSON, MAX_HEADERS, MAX_HTTP_FRAME,
    MAX_JSON, META_HEADER, OpenTerminal, PEER_HEADER, PROTOCOL, PathRequest, PortList,
    ReadAnyRequest, ReadRequest, RelPath, RemoveRequest, RenameRequest, RunAs, STREAM_WINDOW,
    ServiceStatus, TerminalInfo, TerminalList, TerminalName, Validate, WriteRequest,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a short request may take, its queueing included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// How long an exec's answer may take beyond the exec's own time-out: killing its descendants
/// and carrying the output.
pub const EXEC_SLACK: Duration = Duration::from_secs(15);

/// Chunks that wait in a streamed request.
const STREAM_DEPTH: usize = 4;

/// Why a request to an agent failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AgentError {
    /// The stream to the machine is gone or broken.
    #[error("no connection to the machine's agent: {0}")]
    Transport(String),
    /// No answer in time. The connection itself may still be good.
    #[error("the machine's agent did not answer in time ({0})")]
    Timeout(&'static str),
    /// The agent said no.
    #[error("the machine's agent refused: {message} ({code:?})")]
    Remote {
        /// Why.
        code: ErrorCode,
        /// For logs; at most 1 KiB.
        message: String,
    },
    /// The agent's answer breaks the protocol.
    #[error("the machine's agent answered nonsense: {0}")]
    Protocol(String),
    /// The request itself breaks the protocol; nothing was sent.
    #[error("invalid request: {0}")]
    Invalid(#[from] Invalid),
}

impl AgentError {
    /// The agent's reason, if it was the agent that refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Remote { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// What agent calls return.
pub type Result<T, E = AgentError> = std::result::Result<T, E>;

/// A handle on one machine's agent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AgentClient {
    requests: SendRequest<Body>,
}

impl AgentClient {
    /// Starts to speak over `stream` (the stdio of `agent connect` in the machine).
    ///
    /// Returns the client and the connection's driver. The caller spawns and owns the driver; it
    /// ends when the stream ends, and dropping it ends everything the connection does.
    ///
    /// No keep-alive: a paused machine answers nothing and is none the worse for it. Every
    /// request has its own time-out.
    pub async fn handshake<S>(stream: S) -> Result<(Self, impl Future<Output = ()> + Send + use<S>)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let tasks = Tasks::default();
        let stop = tasks.stop.clone();
        let (requests, connection) = Builder::new(tasks)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_HTTP_FRAME)
            .max_header_list_size(MAX_HEADERS)
            .max_send_buf_size(STREAM_WINDOW as usize)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|e| AgentError::Transport(e.to_string()))?;
        let stop = stop.drop_guard();
        let driver = async move {
            // How it ended shows in the requests; the driver has nobody to tell.
            let _ = connection.await;
            drop(stop);
        };
        Ok((Self { requests }, driver))
    }

    /// Whether the connection is gone for good.
    pub fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// Who the agent is; fails if it speaks another protocol.
    pub async fn info(&self) -> Result<AgentInfo> {
        let info: AgentInfo = self.json("/v1/info", &(), MAX_JSON).await?;
        if info.protocol == PROTOCOL {
            Ok(info)
        } else {
            Err(AgentError::Protocol(format!(
                "it speaks protocol {}, this server {PROTOCOL}",
                info.protocol
            )))
        }
    }

    /// Where the image's start script stands, with the tail of its output.
    pub async fn service_status(&self) -> Result<ServiceStatus> {
        self.json("/v1/service", &(), MAX_JSON).await
    }

    /// Runs a command to its end. Dropping the future kills the command and its descendants.
    pub async fn exec(&self, request: &ExecRequest) -> Result<ExecOutcome> {
        request.validate()?;
        let wait = Duration::from_millis(request.timeout_ms) + EXEC_SLACK;
        let outcome: ExecOutcome = self
            .json_within("/v1/exec", request, MAX_ANSWER_JSON, wait)
            .await?;
        let within = |output: &[u8]| output.len() <= request.max_output;
        if within(&outcome.stdout) && within(&outcome.stderr) {
            Ok(outcome)
        } else {
            Err(AgentError::Protocol(
                "more output than was asked for".to_owned(),
            ))
        }
    }

    /// Opens a terminal, or finds the one that runs under this name.
    pub async fn open_terminal(&self, request: &OpenTerminal) -> Result<TerminalInfo> {
        request.validate()?;
        self.json("/v1/terminals/open", request, MAX_JSON).await
    }

    /// All terminals, exited ones included.
    pub async fn list_terminals(&self) -> Result<Vec<TerminalInfo>> {
        let list: TerminalList = self.json("/v1/terminals/list", &(), MAX_JSON).await?;
        Ok(list.terminals)
    }

    /// Ends a terminal's processes and forgets its scrollback.
    pub async fn close_terminal(&self, name: &TerminalName) -> Result<()> {
        let request = AttachRequest {
            name: name.clone(),
            from: None,
        };
        self.json("/v1/terminals/close", &request, MAX_JSON).await
    }

    /// Watches a terminal: replays the scrollback from `from` (all of it when `None`), then
    /// follows. The viewer must acknowledge what it has consumed
    /// ([`TerminalSender::ack`]), or it gets no more than 256 KiB.
    pub async fn attach_terminal(
        &self,
        name: &TerminalName,
        from: Option<u64>,
    ) -> Result<(TerminalSender, TerminalReceiver)> {
        let request = AttachRequest {
            name: name.clone(),
            from,
        };
        let (sender, answer) = self.streamed("/v1/terminals/attach", &request).await?;
        Ok((
            TerminalSender::new(sender),
            TerminalReceiver::new(answer.into_body()),
        ))
    }

    /// The entries of a folder below home.
    pub async fn list_dir(&self, path: &RelPath) -> Result<DirListing> {
        let request = PathRequest { path: path.clone() };
        self.json("/v1/files/list", &request, MAX_ANSWER_JSON).await
    }

    /// Reads a file below home.
    pub async fn read_file(&self, path: &RelPath, max_bytes: usize) -> Result<FileContent> {
        let request = ReadRequest {
            path: path.clone(),
            max_bytes,
        };
        request.validate()?;
        self.content("/v1/files/read", &request, max_bytes).await
    }

    /// Reads a regular file anywhere in the machine with somebody's rights.
    ///
    /// As the learner, symbolic links are followed (the learner could follow them too). As root
    /// no link at all is followed, and `/proc`, `/sys`, `/dev`, the agent's own folders are
    /// refused, so that no link planted by the learner can make root read a secret aloud.
    pub async fn read_any(
        &self,
        path: &AbsPath,
        user: RunAs,
        max_bytes: usize,
    ) -> Result<FileContent> {
        let request = ReadAnyRequest {
            path: path.clone(),
            user,
            max_bytes,
        };
        request.validate()?;
        self.content("/v1/files/read-any", &request, max_bytes)
            .await
    }

    /// Writes a file below home: all of it or nothing. With `expected`, only over that version
    /// ([`FileVersion::absent`]: only where nothing is); otherwise [`ErrorCode::Conflict`].
    pub async fn write_file(
        &self,
        path: &RelPath,
        bytes: impl Into<Bytes>,
        expected: Option<FileVersion>,
    ) -> Result<FileMeta> {
        let request = WriteRequest {
            path: path.clone(),
            expected,
        };
        request.validate()?;
        let answer = within(REQUEST_TIMEOUT, "write", async {
            let answer = self
                .send("/v1/files/write", Some(&request), full(bytes))
                .await?;
            parse(answer, MAX_JSON).await
        });
        answer.await
    }

    /// Makes a folder; its parent must exist.
    pub async fn create_dir(&self, path: &RelPath) -> Result<()> {
        self.json(
            "/v1/files/mkdir",
            &PathRequest { path: path.clone() },
            MAX_JSON,
        )
        .await
    }

    /// Renames; a target that exists is a conflict.
    pub async fn rename(&self, from: &RelPath, to: &RelPath) -> Result<()> {
        let request = RenameRequest {
            from: from.clone(),
            to: to.clone(),
        };
        request.validate()?;
        self.json("/v1/files/rename", &request, MAX_JSON).await
    }

    /// Removes a file, a link or a folder (with its content only when `recursive`).
    pub async fn remove(&self, path: &RelPath, recursive: bool) -> Result<()> {
        let request = RemoveRequest {
            path: path.clone(),
            recursive,
        };
        request.validate()?;
        self.json("/v1/files/remove", &request, MAX_JSON).await
    }

    /// Follows changes below home, gathered over some 200 ms.
    pub async fn watch_files(&self) -> Result<FileWatch> {
        let (sender, answer) = self.streamed("/v1/files/watch", &()).await?;
        Ok(FileWatch::new(sender, answer.into_body()))
    }

    /// Connects to something from inside the machine.
    pub async fn dial(&self, target: &DialTarget) -> Result<DialStream> {
        target.validate()?;
        let (sender, answer) = self.streamed("/v1/dial", target).await?;
        let peer = answer.headers().get(PEER_HEADER);
        let peer = peer.and_then(|pid| pid.to_str().ok()?.parse().ok());
        Ok(DialStream::new(sender, answer.into_body()).with_peer(peer))
    }

    /// Waits for somebody in the sandbox to connect to a port of the machine, and gives their
    /// connection; `None` when nobody came for [`ACCEPT_WAIT`]. Dropping the future gives up.
    pub async fn accept(&self, port: u16) -> Result<Option<DialStream>> {
        let request = AcceptRequest { port };
        request.validate()?;
        let wait = ACCEPT_WAIT + REQUEST_TIMEOUT;
        match self.streamed_within("/v1/accept", &request, wait).await {
            Ok((sender, answer)) => Ok(Some(DialStream::new(sender, answer.into_body()))),
            Err(error) if error.code() == Some(ErrorCode::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// TCP ports on which something in the machine listens, ascending.
    pub async fn listening_ports(&self) -> Result<Vec<u16>> {
        let list: PortList = self.json("/v1/ports", &(), MAX_JSON).await?;
        Ok(list.ports)
    }

    /// Signs of life.
    pub async fn activity(&self) -> Result<Activity> {
        self.json("/v1/activity", &(), MAX_JSON).await
    }

    async fn json<Q: Serialize, A: DeserializeOwned + Checked>(
        &self,
        path: &'static str,
        request: &Q,
        limit: usize,
    ) -> Result<A> {
        self.json_within(path, request, limit, REQUEST_TIMEOUT)
            .await
    }

    async fn json_within<Q: Serialize, A: DeserializeOwned + Checked>(
        &self,
        path: &'static str,
        request: &Q,
        limit: usize,
        wait: Duration,
    ) -> Result<A> {
        let body = serde_json::to_vec(request).map_err(|e| Invalid(e.to_string()))?;
        within(wait, path, async {
            let answer = self.send(path, None::<&()>, full(body)).await?;
            parse(answer, limit).await
        })
        .await
    }

    async fn content<Q: Serialize>(
        &self,
        path: &'static str,
        request: &Q,
        max_bytes: usize,
    ) -> Result<FileContent> {
        let body = serde_json::to_vec(request).map_err(|e| Invalid(e.to_string()))?;
        within(REQUEST_TIMEOUT, path, async {
            let answer = self.send(path, None::<&()>, full(body)).await?;
            let meta = answer
                .headers()
                .get(META_HEADER)
                .and_then(|value| BASE64.decode(value).ok())
                .and_then(|json| serde_json::from_slice::<FileMeta>(&json).ok())
                .ok_or_else(|| AgentError::Protocol("a file without description".to_owned()))?;
            meta.validate()
                .map_err(|e| AgentError::Protocol(e.to_string()))?;
            let bytes = read(answer.into_body(), max_bytes).await?;
            let FileMeta {
                version,
                truncated,
                size,
            } = meta;
            Ok(FileContent {
                bytes,
                version,
                truncated,
                size,
            })
        })
        .await
    }

    async fn streamed<Q: Serialize>(
        &self,
        path: &'static str,
        args: &Q,
    ) -> Result<(mpsc::Sender<Bytes>, Response<Incoming>)> {
        self.streamed_within(path, args, REQUEST_TIMEOUT).await
    }

    async fn streamed_within<Q: Serialize>(
        &self,
        path: &'static str,
        args: &Q,
        wait: Duration,
    ) -> Result<(mpsc::Sender<Bytes>, Response<Incoming>)> {
        let (sender, body) = ChannelBody::new(STREAM_DEPTH);
        let answer = self.send(path, Some(args), Either::Right(body));
        Ok((sender, within(wait, path, answer).await?))
    }

    /// Sends one request and sorts refusals from answers.
    async fn send<Q: Serialize>(
        &self,
        path: &'static str,
        args: Option<&Q>,
        body: Body,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::post(path);
        if let Some(args) = args {
            let json = serde_json::to_vec(args).map_err(|e| Invalid(e.to_string()))?;
            request = request.header(ARGS_HEADER, BASE64.encode(json));
        }
        let request = request.body(body).map_err(|e| Invalid(e.to_string()))?;
        let mut requests = self.requests.clone();
        let transport = |e: hyper::Error| AgentError::Transport(describe(&e));
        requests.ready().await.map_err(transport)?;
        let answer = requests.send_request(request).await.map_err(transport)?;
        if answer.status() == StatusCode::OK {
            return Ok(answer);
        }
        let body = read(answer.into_body(), 8 * 1024).await?;
        let refusal: ErrorBody = serde_json::from_slice(&body)
            .map_err(|e| AgentError::Protocol(format!("a refusal without reason: {e}")))?;
        let message = refusal
            .message
            .chars()
            .filter(|c| !c.is_control())
            .take(1024)
            .collect();
        Err(AgentError::Remote {
            code: refusal.code,
            message,
        })
    }
}

/// An answer whose bounds can be checked.
trait Checked {
    fn check(&self) -> Result<(), Invalid>;
}

impl Checked for () {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl<T: Validate> Checked for T {
    fn check(&self) -> Result<(), Invalid> {
        self.validate()
    }
}

async fn parse<A: DeserializeOwned + Checked>(
    answer: Response<Incoming>,
    limit: usize,
) -> Result<A> {
    let body = read(answer.into_body(), limit).await?;
    let answer: A =
        serde_json::from_slice(&body).map_err(|e| AgentError::Protocol(e.to_string()))?;
    answer
        .check()
        .map_err(|e| AgentError::Protocol(e.to_string()))?;
    Ok(answer)
}

async fn read(body: Incoming, limit: usize) -> Result<Bytes> {
    read_to_end(body, limit).await.map_err(|e| match e {
        ReadError::TooLong(_) => AgentError::Protocol(e.to_string()),
        ReadError::Broken(reason) => AgentError::Transport(reason),
    })
}

async fn within<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(AgentError::Timeout(what)))
}

/// The whole chain of causes: hyper's own message rarely says enough.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Runs hyper's helper futures, and stops them with the connection's driver.
#[derive(Debug, Clone, Default)]
struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled(future).await;
        });
    }
}

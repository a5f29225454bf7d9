//! Requests in, answers out.

use super::failure::Failure;
use super::{Agent, accept, dial, exec, files, ports, viewer, watch};
use crate::body::{Body, ReadError, full, read_to_end};
use crate::protocol::{
    ARGS_HEADER, AcceptRequest, AttachRequest, CONNECTION_WINDOW, DialTarget, ErrorBody, ErrorCode,
    ExecRequest, MAX_EXEC_JSON, MAX_FILE, MAX_HEADERS, MAX_HTTP_FRAME, MAX_JSON, MAX_STREAMS,
    META_HEADER, OpenTerminal, PathRequest, PortList, ReadAnyRequest, ReadRequest, RemoveRequest,
    RenameRequest, STREAM_WINDOW, TerminalList, Validate, WriteRequest,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type Answer = Result<Response<Body>, Failure>;

impl Agent {
    /// Answers one connection until it ends.
    pub async fn serve<S>(self: Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stop = self.stop.clone();
        let executor = Tasks {
            tracker: self.tasks.clone(),
            stop: self.stop.clone(),
        };
        let service = service_fn(move |request| {
            let agent = self.clone();
            async move { Ok::<_, Infallible>(answer(&agent, request).await) }
        });
        let connection = Builder::new(executor)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_concurrent_streams(MAX_STREAMS)
            .max_frame_size(MAX_HTTP_FRAME)
            .max_header_list_size(MAX_HEADERS)
            .max_send_buf_size(STREAM_WINDOW as usize)
            .serve_connection(TokioIo::new(stream), service);
        // A broken connection is the peer's affair; the next one will come.
        let _ = stop.run_until_cancelled(connection).await;
    }
}

/// Runs hyper's futures as the agent's tasks.
#[derive(Debug, Clone)]
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

async fn answer(agent: &Arc<Agent>, request: Request<Incoming>) -> Response<Body> {
    route(agent, request).await.unwrap_or_else(|failure| {
        let message = failure.message.chars().take(300).collect();
        let body = ErrorBody {
            code: failure.code,
            message,
        };
        let mut response = Response::new(full(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response
    })
}

async fn route(agent: &Arc<Agent>, request: Request<Incoming>) -> Answer {
    if request.method() != Method::POST {
        return Err(Failure::new(ErrorCode::Invalid, "only POST"));
    }
    let (head, body) = request.into_parts();
    match head.uri.path() {
        "/v1/info" => json(&agent.info()),
        "/v1/service" => json(&agent.service.status()),
        "/v1/ports" => json(&PortList {
            ports: ports::listening(),
        }),
        "/v1/activity" => json(&agent.activity.report()),
        "/v1/exec" => run(agent, parse::<ExecRequest>(body, MAX_EXEC_JSON).await?).await,
        "/v1/dial" => {
            let target: DialTarget = args(&head.headers)?;
            dial::dial(agent, target, body).await
        }
        "/v1/accept" => {
            let request: AcceptRequest = args(&head.headers)?;
            Ok(Response::new(accept::accept(agent, &request, body).await?))
        }
        "/v1/terminals/open" => json(
            &agent
                .terminals
                .open(agent, &parse::<OpenTerminal>(body, MAX_JSON).await?)?,
        ),
        "/v1/terminals/list" => json(&TerminalList {
            terminals: agent.terminals.list(),
        }),
        "/v1/terminals/close" => {
            let request: AttachRequest = parse(body, MAX_JSON).await?;
            agent.terminals.remove(&request.name)?.kill().await;
            json(&())
        }
        "/v1/terminals/attach" => {
            let request: AttachRequest = args(&head.headers)?;
            let terminal = agent.terminals.get(&request.name)?;
            Ok(Response::new(viewer::attach(
                agent,
                &terminal,
                request.from,
                body,
            )))
        }
        path if path.starts_with("/v1/files/") => {
            files_route(agent, path, &head.headers, body).await
        }
        _ => Err(Failure::new(ErrorCode::Invalid, "no such request")),
    }
}

async fn files_route(
    agent: &Arc<Agent>,
    path: &str,
    headers: &HeaderMap,
    body: Incoming,
) -> Answer {
    match path {
        "/v1/files/list" => {
            json(&files::list(agent, parse::<PathRequest>(body, MAX_JSON).await?.path).await?)
        }
        "/v1/files/read" => {
            let request: ReadRequest = valid(parse(body, MAX_JSON).await?)?;
            described(files::read(agent, request.path, request.max_bytes).await?)
        }
        "/v1/files/read-any" => {
            let request: ReadAnyRequest = valid(parse(body, MAX_JSON).await?)?;
            described(files::read_any(agent, request).await?)
        }
        "/v1/files/write" => {
            let request: WriteRequest = valid(args(headers)?)?;
            let bytes = read_to_end(body, MAX_FILE)
                .await
                .map_err(|e| unreadable(&e))?;
            json(&files::write(agent, request, bytes).await?)
        }
        "/v1/files/mkdir" => {
            json(&files::make_dir(agent, parse::<PathRequest>(body, MAX_JSON).await?.path).await?)
        }
        "/v1/files/rename" => {
            let request: RenameRequest = valid(parse(body, MAX_JSON).await?)?;
            json(&files::rename(agent, request).await?)
        }
        "/v1/files/remove" => {
            let request: RemoveRequest = valid(parse(body, MAX_JSON).await?)?;
            json(&files::remove(agent, request.path, request.recursive).await?)
        }
        "/v1/files/watch" => Ok(Response::new(watch::watch(agent, body))),
        _ => Err(Failure::new(ErrorCode::Invalid, "no such request")),
    }
}

/// Runs an exec as a task of its own: when the caller goes away, this future is dropped, and the
/// task must still live to kill what it started.
async fn run(agent: &Arc<Agent>, request: ExecRequest) -> Answer {
    let cancel = CancellationToken::new();
    let caller = cancel.clone().drop_guard();
    let task = agent.tasks.spawn(exec::run(agent.clone(), request, cancel));
    let outcome = task
        .await
        .map_err(|e| Failure::new(ErrorCode::Io, e.to_string()))?;
    drop(caller);
    json(&outcome?)
}

fn json<T: Serialize>(value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|e| Failure::new(ErrorCode::Io, e.to_string()))?;
    Ok(Response::new(full(body)))
}

fn described<M: Serialize>((meta, bytes): (M, Bytes)) -> Answer {
    let meta = serde_json::to_vec(&meta).map_err(|e| Failure::new(ErrorCode::Io, e.to_string()))?;
    let meta = HeaderValue::try_from(BASE64.encode(meta))
        .map_err(|e| Failure::new(ErrorCode::Io, e.to_string()))?;
    let mut response = Response::new(full(bytes));
    response.headers_mut().insert(META_HEADER, meta);
    Ok(response)
}

fn args<T: DeserializeOwned>(headers: &HeaderMap) -> Result<T, Failure> {
    let invalid = |reason: String| Failure::new(ErrorCode::Invalid, reason);
    let value = headers
        .get(ARGS_HEADER)
        .ok_or_else(|| invalid("no arguments".to_owned()))?;
    let text = BASE64.decode(value).map_err(|e| invalid(e.to_string()))?;
    serde_json::from_slice(&text).map_err(|e| invalid(e.to_string()))
}

async fn parse<T: DeserializeOwned>(body: Incoming, limit: usize) -> Result<T, Failure> {
    let bytes = read_to_end(body, limit).await.map_err(|e| unreadable(&e))?;
    serde_json::from_slice(&bytes).map_err(|e| Failure::new(ErrorCode::Invalid, e.to_string()))
}

fn valid<T: Validate>(value: T) -> Result<T, Failure> {
    value.validate()?;
    Ok(value)
}

fn unreadable(error: &ReadError) -> Failure {
    let code = match error {
        ReadError::TooLong(_) => ErrorCode::TooLarge,
        ReadError::Broken(_) => ErrorCode::Io,
    };
    Failure::new(code, error.to_string())
}

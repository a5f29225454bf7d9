//! One request of a learner's engine, from its head to the registry's answer.

use std::{
    io,
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full, Limited, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    client::conn::http1,
    ext::ReasonPhrase,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::{
    MirrorError,
    names::{self, Ask, Denial, Forward, Namespace},
    room::{Counted, NoRoom},
};
use crate::services::App;

/// Requests to the registry at once, over all learners. Fewer than the streams of one connection to
/// an agent.
pub(super) const REQUESTS: usize = 96;
/// How long a request may wait for its turn.
const TURN: Duration = Duration::from_secs(30);
/// How long the registry may take until it begins to answer a question.
const ANSWER: Duration = Duration::from_mins(1);
/// How long an upload may take, until it is answered.
const UPLOAD: Duration = Duration::from_mins(10);
/// The registry's list of repositories is read up to here.
const MAX_CATALOG: usize = 4 << 20;
/// The port of the registry in its container, and of the one that fetches from upstream.
const OWN: u16 = 5000;
const UPSTREAM: u16 = 5001;

/// What of a request the registry gets to see.
const REQUEST_HEADERS: [HeaderName; 7] = [
    header::ACCEPT,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    header::RANGE,
    header::USER_AGENT,
];
/// What of an answer the learner gets to see.
const ANSWER_HEADERS: [&str; 13] = [
    "accept-ranges",
    "cache-control",
    "content-length",
    "content-range",
    "content-type",
    "docker-content-digest",
    "docker-distribution-api-version",
    "docker-upload-uuid",
    "etag",
    "link",
    "location",
    "oci-subject",
    "range",
];

/// A body on its way to a learner.
pub(super) type AnswerBody = BoxBody<Bytes, io::Error>;

/// Why the registry did not answer.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error("no turn came: too many requests")]
    Busy,
    #[error("the registry did not answer in time")]
    Slow,
    #[error("the registry's answer is not one: {0}")]
    Broken(String),
}

/// Answers a learner's request.
pub(super) async fn answer(
    app: &App,
    own: &Namespace,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (head, body) = request.into_parts();
    let ask = names::parse(&head.method, head.uri.path(), head.uri.query(), own);
    let answered = match ask {
        Ok(Ask::Version) => return json(StatusCode::OK, &serde_json::json!({})),
        Ok(Ask::Catalog) => catalog(app, own).await,
        Ok(Ask::Registry(forward)) if forward.writes => write(app, own, &forward, head, body).await,
        Ok(Ask::Registry(forward)) => read(app, &forward, &head).await,
        Err(denial) => return refuse(denial, own),
    };
    answered.unwrap_or_else(|failed| {
        tracing::warn!(mirror.namespace = own.as_str(), %failed, "the mirror can't answer");
        unavailable(&failed)
    })
}

async fn read(
    app: &App,
    forward: &Forward,
    head: &hyper::http::request::Parts,
) -> Result<Response<AnswerBody>, Failed> {
    let request = || {
        let mut request = Request::new(nothing());
        *request.method_mut() = head.method.clone();
        request
    };
    let first = send(app, OWN, forward, &head.headers, request(), ANSWER).await?;
    let elsewhere = first.status() == StatusCode::NOT_FOUND
        && forward.is_public
        && app.config.mirror_upstream.is_some();
    if elsewhere {
        return send(app, UPSTREAM, forward, &head.headers, request(), ANSWER).await;
    }
    Ok(first)
}

async fn write(
    app: &App,
    own: &Namespace,
    forward: &Forward,
    head: hyper::http::request::Parts,
    body: Incoming,
) -> Result<Response<AnswerBody>, Failed> {
    let quota = app.config.mirror_quota.bytes();
    if quota == 0 {
        return Ok(read_only());
    }
    let now = Instant::now();
    let room = app.mirror.rooms.of(own, now);
    let is_removal = head.method == hyper::Method::DELETE;
    if !is_removal && let Err(no_room) = room.enter(now, quota, || app.measure_mirror(own)).await? {
        return Ok(full(no_room, app));
    }
    let (counted, is_over) = Counted::new(body, room, quota);
    let mut request = Request::new(counted.map_err(io::Error::other).boxed());
    *request.method_mut() = head.method;
    let answer = send(app, OWN, forward, &head.headers, request, UPLOAD).await;
    if is_over.load(Ordering::Relaxed) {
        return Ok(full(NoRoom::Namespace, app));
    }
    answer
}

/// Sends one request over a connection of its own.
async fn send(
    app: &App,
    port: u16,
    forward: &Forward,
    headers: &HeaderMap,
    mut request: Request<AnswerBody>,
    within: Duration,
) -> Result<Response<AnswerBody>, Failed> {
    let permit = turn(&app.mirror.requests).await?;
    *request.uri_mut() = forward
        .path
        .parse()
        .map_err(|_| Failed::Broken("no valid path".to_owned()))?;
    for name in &REQUEST_HEADERS {
        for value in headers.get_all(name) {
            request.headers_mut().append(name, value.clone());
        }
    }
    let host = HeaderValue::from_static("registry");
    request.headers_mut().insert(header::HOST, host);
    harmless_type(request.headers_mut());
    let stream = app.dial_mirror(port).await?;
    let broken = |e: hyper::Error| Failed::Broken(e.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let stop = app.stop.clone();
    app.tasks.spawn(async move {
        // How it ended shows in the answer.
        let _ = stop.run_until_cancelled(connection).await;
    });
    let answer = timeout(within, sender.send_request(request))
        .await
        .map_err(|_| Failed::Slow)?
        .map_err(broken)?;
    let (head, body) = answer.into_parts();
    let mut relayed = Response::new(
        Held {
            inner: body,
            _permit: permit,
        }
        .map_err(io::Error::other)
        .boxed(),
    );
    *relayed.status_mut() = head.status;
    for name in ANSWER_HEADERS {
        for value in head.headers.get_all(name) {
            // The registry names places by path; anything else is not for learners.
            if name != "location" || value.as_bytes().starts_with(b"/v2/") {
                relayed
                    .headers_mut()
                    .append(HeaderName::from_static(name), value.clone());
            }
        }
    }
    Ok(relayed)
}

/// The registry takes a body that calls itself a form for a part of the query, which would let one in
/// that was never looked at. Only documents of registries keep their type.
fn harmless_type(headers: &mut HeaderMap) {
    let is_document = |value: &HeaderValue| value.as_bytes().starts_with(b"application/vnd.");
    let types = headers.get_all(header::CONTENT_TYPE);
    if types.iter().count() == 1 && types.iter().all(is_document) {
        return;
    }
    let bytes = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, bytes);
}

async fn turn(requests: &std::sync::Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failed> {
    match timeout(TURN, requests.clone().acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Failed::Busy),
    }
}

/// The repositories that this learner may know of.
async fn catalog(app: &App, own: &Namespace) -> Result<Response<AnswerBody>, Failed> {
    #[derive(serde::Deserialize)]
    struct Catalog {
        repositories: Vec<String>,
    }
    let forward = Forward {
        path: "/v2/_catalog?n=20000".to_owned(),
        writes: false,
        is_public: false,
    };
    let request = Request::new(nothing());
    let answer = send(app, OWN, &forward, &HeaderMap::new(), request, ANSWER).await?;
    let broken = |e: String| Failed::Broken(e);
    let body = timeout(
        ANSWER,
        Limited::new(answer.into_body(), MAX_CATALOG).collect(),
    )
    .await
    .map_err(|_| Failed::Slow)?
    .map_err(|e| broken(e.to_string()))?
    .to_bytes();
    let all: Catalog = serde_json::from_slice(&body).map_err(|e| broken(e.to_string()))?;
    let mut repositories: Vec<String> = all
        .repositories
        .iter()
        .filter_map(|name| names::visible(name, own))
        .collect();
    repositories.sort();
    let listed = serde_json::json!({ "repositories": repositories });
    Ok(json(StatusCode::OK, &listed))
}

/// A body that keeps its turn until it has gone.
struct Held {
    inner: Incoming,
    _permit: OwnedSemaphorePermit,
}

impl Body for Held {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn nothing() -> AnswerBody {
    Empty::new().map_err(|never| match never {}).boxed()
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<AnswerBody> {
    let body = Full::from(value.to_string()).map_err(|never| match never {});
    let mut response = Response::new(body.boxed());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        "docker-distribution-api-version",
        HeaderValue::from_static("registry/2.0"),
    );
    response
}

/// A refusal in the registry's words; engines print `message`. They know no language, so each
/// message says it in both.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response<AnswerBody> {
    let error = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    json(status, &error)
}

fn refuse(denial: Denial, own: &Namespace) -> Response<AnswerBody> {
    let own = own.as_str();
    match denial {
        Denial::Malformed => refusal(
            StatusCode::NOT_FOUND,
            "NAME_INVALID",
            "镜像站不认识这个地址 / the mirror knows no such address",
        ),
        Denial::Method => refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            "镜像站不支持这个操作 / the mirror does not do this",
        ),
        Denial::Unknown => refusal(
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
            "镜像站没有这个仓库 / the mirror has no such repository",
        ),
        Denial::NotYours => refusal(
            StatusCode::FORBIDDEN,
            "DENIED",
            &format!("你只能推送到 mirror:5000/{own}/… / you can push only to mirror:5000/{own}/…"),
        ),
    }
}

fn read_only() -> Response<AnswerBody> {
    refusal(
        StatusCode::FORBIDDEN,
        "DENIED",
        "这里的镜像站只能拉取，不能推送 / this mirror is for pulling only",
    )
}

fn full(no_room: NoRoom, app: &App) -> Response<AnswerBody> {
    let quota = app.config.mirror_quota;
    let message = match no_room {
        NoRoom::Namespace => format!(
            "你的镜像空间（{quota}）已满，请删除不再需要的镜像，或联系老师 / your name space ({quota}) is \
             full: delete images that you no longer need, or ask your teacher"
        ),
        NoRoom::Disk => {
            "镜像站的磁盘快满了，请联系老师 / the mirror's disk is nearly full: please \
                         tell your teacher"
                .to_owned()
        }
    };
    refusal(StatusCode::FORBIDDEN, "DENIED", &message)
}

/// Of an answer 5xx, engines print the line with the status and nothing of the body: that is where
/// the text must stand.
fn unavailable(failed: &Failed) -> Response<AnswerBody> {
    let (status, text) = match failed {
        Failed::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "镜像站很忙，请过一会儿再试 / the class mirror is busy: try again in a moment",
        ),
        Failed::Mirror(MirrorError::NotReady) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "镜像站正在准备，请过一分钟再试 / the class mirror is being made ready: try again in a minute",
        ),
        _ => (
            StatusCode::BAD_GATEWAY,
            "镜像站没有回应，请过一分钟再试；若一直如此，请告诉老师 / the class mirror does not answer: try \
             again in a minute, and tell your teacher if it stays so",
        ),
    };
    let mut response = refusal(status, "UNAVAILABLE", text);
    if let Ok(reason) = ReasonPhrase::try_from(text.as_bytes()) {
        response.extensions_mut().insert(reason);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_prints_the_status_line_alone_still_tells_what_to_do() {
        let response = unavailable(&Failed::Slow);
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        let reason = response.extensions().get::<ReasonPhrase>().unwrap();
        let reason = std::str::from_utf8(reason.as_bytes()).unwrap();
        assert!(reason.contains("try again in a minute") && reason.contains("镜像站没有回应"));
    }

    #[test]
    fn a_body_never_reaches_the_registry_as_a_form() {
        let typed = |types: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in types {
                headers.append(header::CONTENT_TYPE, HeaderValue::from_static(value));
            }
            harmless_type(&mut headers);
            let mut left = headers.get_all(header::CONTENT_TYPE).iter();
            let only = left.next().unwrap().to_str().unwrap().to_owned();
            assert!(left.next().is_none());
            only
        };
        let manifest = "application/vnd.oci.image.manifest.v1+json";
        assert_eq!(typed(&[manifest]), manifest);
        for types in [
            &["application/x-www-form-urlencoded"][..],
            &["multipart/form-data; boundary=x"],
            &["APPLICATION/X-WWW-FORM-URLENCODED"],
            &[manifest, "application/x-www-form-urlencoded"],
            &[],
        ] {
            assert_eq!(typed(types), "application/octet-stream");
        }
    }

    #[tokio::test]
    async fn who_may_not_push_is_told_where_to() {
        let own = Namespace::of(crate::domain::ids::UserId::generate());
        let response = refuse(Denial::NotYours, &own);
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let place = format!("mirror:5000/{}", own.as_str());
        assert!(String::from_utf8_lossy(&body).contains(&place));
    }
}

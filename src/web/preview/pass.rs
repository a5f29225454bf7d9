//! A request goes to the machine, and its answer comes back.
//!
//! One connection a request, in both directions at the pace of the slower side: nothing is
//! gathered. What goes on for long is looked after: signing out, a reset and the server's end cut
//! it off.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Uri, header, request::Parts, uri::PathAndQuery},
    response::Response,
};
use http_body_util::Limited;
use hyper::{client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Asked, admit, headers, page::Trouble, socket};
use crate::{
    services::{
        App,
        previews::{DialFailure, PreviewAccess},
    },
    web::{
        access::CHECK_EVERY,
        limits::{Stream, StreamPermit},
        state::Web,
    },
};

/// How long a machine may take to begin its answer, the request's arrival included.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);
/// Most bytes of an answer's head.
const MAX_HEAD: usize = 64 * 1024;
/// Largest body of a request, in bytes.
const MAX_UPLOAD: usize = 1 << 30;

/// Passes a request that was let in on to its machine.
pub(super) async fn pass(
    web: Web,
    asked: &Asked,
    access: PreviewAccess,
    mut parts: Parts,
    body: Body,
) -> Result<Response, Trouble> {
    let permit = web
        .limits
        .acquire(Stream::Preview, &access.preview.login_hash)
        .ok_or(Trouble::TooMany)?;
    let app = web.app;
    let stream = app.dial_preview(&access).await.map_err(|failure| {
        tracing::debug!(preview = %access.place, %failure, "a port can't be reached");
        match failure {
            DialFailure::NothingListens => Trouble::NothingListens {
                machine: access.machine.clone(),
                port: access.place.port.get(),
            },
            DialFailure::Unreachable(_) => Trouble::Unreachable,
        }
    })?;
    let is_socket = admit::is_socket(&parts.headers);
    let browser = parts.extensions.remove::<OnUpgrade>().filter(|_| is_socket);
    let request = request(&asked.origin, &parts, body, browser.is_some())?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|e| no_answer(&e))?;
    let keep = Keep::new(&app, &access, permit);
    app.tasks.spawn(keep.clone().until_end(async move {
        // How it ended shows in the answer.
        let _ = connection.with_upgrades().await;
    }));
    let answer = timeout(ANSWER_TIMEOUT, sender.send_request(request)).await;
    let mut answer = answer
        .map_err(|_| Trouble::Slow)?
        .map_err(|e| no_answer(&e))?;
    let upgraded = browser
        .filter(|_| answer.status() == hyper::StatusCode::SWITCHING_PROTOCOLS)
        .map(|browser| (browser, hyper::upgrade::on(&mut answer)));
    let (mut head, body) = answer.into_parts();
    let pages = access.preview.page.as_str();
    headers::to_browser(&mut head.headers, pages, access.preview.partitioned);
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    if let Some((browser, machine)) = upgraded {
        socket::mark(response.headers_mut());
        *response.body_mut() = Body::empty();
        app.tasks
            .spawn(keep.until_end(socket::carry(browser, machine)));
    } else if head.status.is_informational() {
        // It switched to what nobody asked for.
        return Err(Trouble::NoAnswer);
    }
    Ok(response)
}

fn no_answer(error: &hyper::Error) -> Trouble {
    tracing::debug!(%error, "no valid answer from a port");
    Trouble::NoAnswer
}

/// The request as the machine gets it.
fn request(
    own_origin: &str,
    parts: &Parts,
    body: Body,
    is_socket: bool,
) -> Result<Request<Limited<Body>>, Trouble> {
    let path = parts.uri.path_and_query().cloned();
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let mut request = Request::new(Limited::new(body, MAX_UPLOAD));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = Uri::from(path);
    *request.headers_mut() = headers::to_machine(&parts.headers, own_origin);
    if is_socket {
        socket::mark(request.headers_mut());
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|l: &HeaderValue| l.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_UPLOAD) {
        return Err(Trouble::TooLarge);
    }
    Ok(request)
}

/// Sees to it that what was let in ends when it is not allowed any more.
#[derive(Clone)]
struct Keep {
    app: App,
    access: PreviewAccess,
    _permit: Arc<StreamPermit>,
}

impl Keep {
    fn new(app: &App, access: &PreviewAccess, permit: StreamPermit) -> Self {
        Self {
            app: app.clone(),
            access: access.clone(),
            _permit: Arc::new(permit),
        }
    }

    /// Does the work until it ends by itself, may not go on, or the server ends.
    async fn until_end(self, work: impl Future<Output = ()>) {
        let mut check = interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once: it was looked at just now.
        check.tick().await;
        tokio::pin!(work);
        loop {
            tokio::select! {
                () = &mut work => return,
                () = self.app.stop.cancelled() => return,
                _ = check.tick() => {
                    if !self.app.preview_holds(&self.access).await {
                        tracing::debug!(preview = %self.access.place, "cut off");
                        return;
                    }
                }
            }
        }
    }
}

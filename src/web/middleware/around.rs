//! The one layer around all routes: names the request, refuses what comes from elsewhere, finds
//! out who asks, bounds the time, catches panics, puts failures into words, sets headers.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use futures_util::FutureExt;
use tracing::Instrument;

use super::{cookies, failure, headers, origin, slash};
use crate::{
    auth::token,
    services::App,
    web::{
        error::WebError,
        extract::{Login, Visitor},
        request::{Kind, RequestInfo},
        state::Web,
    },
};

/// How long a handler may take, the body's arrival included. Streams answer at once and go on
/// afterwards.
const TIMEOUT: Duration = Duration::from_secs(45);

/// The header in which scripts send the token against forged requests.
const CSRF_HEADER: &str = "x-csrf-token";

/// The layer.
pub(crate) async fn around(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let info = RequestInfo::of(&parts, &web.app.config);
    let span = tracing::info_span!(
        "request", request.id = %info.id, http.method = %parts.method, http.path = parts.uri.path()
    );
    surround(web, parts, body, info, next)
        .instrument(span)
        .await
}

async fn surround(
    web: Web,
    mut parts: Parts,
    body: axum::body::Body,
    info: RequestInfo,
    next: Next,
) -> Response {
    let config = web.app.config.clone();
    let request_headers = parts.headers.clone();
    let info = Arc::new(info);
    let (mut visitor, identified) = identify(&web.app, &parts.headers, &info).await;
    let admitted = identified.and_then(|()| admit(&parts, &visitor, &web.app));
    let response = match admitted {
        Err(error) => error.into_response(),
        Ok(()) => {
            if let Some(redirect) = redirect_without_slash(&parts, &info) {
                redirect
            } else {
                parts.extensions.insert(visitor.clone());
                run(Request::from_parts(parts, body), next).await
            }
        }
    };
    let mut response = failure::explain(response, &visitor);
    if let Some(cookie) = visitor.take_new_csrf_cookie()
        && info.kind == Kind::Page
    {
        response
            .headers_mut()
            .append(header::SET_COOKIE, cookies::set_csrf(&cookie, &config));
    }
    headers::set(&mut response, &info, &request_headers, &config);
    tracing::debug!(http.status = response.status().as_u16(), "answered");
    response
}

/// Who asks. A store that fails leaves a visitor to whom that can be explained.
async fn identify(
    app: &App,
    headers: &HeaderMap,
    info: &Arc<RequestInfo>,
) -> (Visitor, Result<(), WebError>) {
    let visitor = |login: Option<Login>| {
        Visitor::new(Arc::clone(info), login, cookies::csrf(headers, &app.config))
    };
    if info.kind == Kind::Static {
        return (visitor(None), Ok(()));
    }
    let Some(cookie) = cookies::login(headers, &app.config) else {
        return (visitor(None), Ok(()));
    };
    match app.login_session(&cookie).await {
        Ok(session) => (visitor(session.map(|s| Login::new(s, cookie))), Ok(())),
        Err(error) => (visitor(None), Err(error.into())),
    }
}

/// Refuses what a page of somebody else sent: a preview's pages, which to browsers may be of the
/// same site, as well as any other's. They may open our pages, and nothing else. Forms prove
/// themselves to their handlers, which alone read bodies; the API proves itself here, for every
/// method that may change something.
fn admit(parts: &Parts, visitor: &Visitor, app: &App) -> Result<(), WebError> {
    let info = visitor.info();
    let origin = origin::of(&parts.headers, &app.config);
    match info.kind {
        Kind::Socket if origin != origin::Origin::Ours => return Err(WebError::ForeignOrigin),
        _ if origin != origin::Origin::Foreign => {}
        Kind::Page if !info.is_unsafe && opens_page(parts) => {}
        _ => return Err(WebError::ForeignOrigin),
    }
    if info.kind == Kind::Api && info.is_unsafe {
        if visitor.login().is_none() {
            return Err(WebError::SignInRequired);
        }
        let sent = parts
            .headers
            .get(CSRF_HEADER)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        if !token::same(sent, visitor.csrf()) {
            return Err(WebError::ForgeryToken);
        }
    }
    Ok(())
}

/// Whether the browser opens a page, and does not only ask for something.
fn opens_page(parts: &Parts) -> bool {
    let mode = parts.headers.get("sec-fetch-mode");
    mode.is_some_and(|mode| mode == "navigate")
}

fn redirect_without_slash(parts: &Parts, info: &RequestInfo) -> Option<Response> {
    let can_move = info.kind == Kind::Page && matches!(parts.method, Method::GET | Method::HEAD);
    can_move
        .then(|| slash::without(&parts.uri))
        .flatten()
        .map(|to| Redirect::permanent(&to).into_response())
}

async fn run(request: Request, next: Next) -> Response {
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => WebError::Panicked(reason(panic.as_ref())).into_response(),
        Err(_) => WebError::Timeout.into_response(),
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(owned).unwrap_or("no reason").to_owned()
}

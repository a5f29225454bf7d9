//! Puts failures into words: a page for people, JSON for scripts.

use std::sync::Arc;

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::super::{
    error::{Explanation, Unexplained, WebError},
    extract::Visitor,
    pages::{Page, Worded},
    redirect,
    request::{Kind, RequestInfo},
    view::{error::ErrorPage, urls},
};

/// How many seconds a client shall wait that tried too often or came while something was down.
const RETRY_AFTER_S: u16 = 60;

/// Gives an error response its body; other responses pass.
pub(super) fn explain(response: Response, visitor: &Visitor) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<Worded>().is_some()
    {
        return response;
    }
    let error = match response.extensions().get::<Unexplained>() {
        Some(Unexplained(error)) => Arc::clone(error),
        // Refused by the router or a library, with a status only.
        None => Arc::new(WebError::of_status(status, String::new())),
    };
    log(&error, visitor.info());
    let kept = keep(response.headers());
    let mut worded = word(&error, visitor);
    worded.headers_mut().extend(kept);
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        worded
            .headers_mut()
            .insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
    }
    worded
}

/// The headers that still hold when the body is another.
fn keep(headers: &HeaderMap) -> HeaderMap {
    [header::ALLOW, header::SET_COOKIE]
        .into_iter()
        .flat_map(|name| {
            headers
                .get_all(&name)
                .iter()
                .map(move |v| (name.clone(), v.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn log(error: &WebError, info: &RequestInfo) {
    let status = error.status();
    let (path, code) = (&info.path, error.code());
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(http.path = %path, error.code = code, %error, "request failed");
    } else {
        tracing::debug!(http.path = %path, error.code = code, %error, "request refused");
    }
}

fn word(error: &WebError, visitor: &Visitor) -> Response {
    let info = visitor.info();
    let t = visitor.t();
    let status = error.status();
    let Explanation { what, why, remedy } = error.explanation(t);
    if info.kind != Kind::Page && info.kind != Kind::Static {
        let body = json!({
            "error": { "code": error.code(), "message": what, "remedy": remedy }
        });
        return (status, Json(body)).into_response();
    }
    if matches!(error, WebError::SignInRequired) {
        let back = if info.is_unsafe {
            urls::HOME
        } else {
            &info.path
        };
        return redirect::to(&urls::sign_in(back));
    }
    let action = match error {
        WebError::ForgeryToken if !info.is_unsafe => None,
        WebError::ForgeryToken => Some((t.get("try-again"), urls::HOME.to_owned())),
        _ if !info.is_unsafe && status.is_server_error() => Some((
            t.get("try-again"),
            redirect::local_path(&info.path).to_owned(),
        )),
        _ => None,
    };
    let page = ErrorPage {
        layout: visitor.layout(what.clone()),
        status: status.as_u16(),
        what,
        why,
        remedy,
        action,
        request_id: info.id.to_string(),
    };
    let response = Page(status, page).into_response();
    if response.extensions().get::<Unexplained>().is_some() {
        // Even the error page can't be rendered.
        return (status, error.code()).into_response();
    }
    response
}

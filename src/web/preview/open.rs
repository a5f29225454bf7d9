//! GET `/__slipway/open?token=&to=` on a preview's origin: a link's token becomes a cookie.

use axum::{
    extract::Query,
    http::{Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    Asked, admit, cookies,
    page::{Trouble, Words},
};
use crate::{
    services::previews::Door,
    web::{redirect::local_path, state::Web},
};

#[derive(Debug, Deserialize)]
struct Link {
    token: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn open(web: &Web, asked: &Asked, parts: &Parts, words: Words) -> Response {
    if parts.method != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Ok(Query(Link { token, to })) = Query::<Link>::try_from_uri(&parts.uri) else {
        return words.say(&Trouble::NotOpened);
    };
    let onwards = || {
        let mut response = Redirect::to(local_path(&to)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("no-store"),
        );
        response
    };
    let page = admit::must_come_from(&parts.headers);
    let is_third_party = admit::is_third_party(&parts.headers);
    let app = &web.app;
    let opened = app
        .open_preview(&asked.place, &token, page.as_deref(), is_third_party)
        .await;
    match opened {
        Ok(Some(cookie)) => {
            let mut response = onwards();
            let cookie = cookies::set(&cookie, is_third_party, &app.config);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        // Used already: by this browser, perhaps, which then needs no other.
        Ok(None) => {
            let values = cookies::values(&parts.headers, &app.config);
            match app.preview(&asked.place, &values).await {
                Ok(Door::Open(_) | Door::Closed(_)) => onwards(),
                Ok(Door::Unknown) => words.say(&Trouble::NotOpened),
                Err(_) => words.say(&Trouble::Internal),
            }
        }
        Err(error) => {
            tracing::warn!(%error, "a preview can't be opened");
            words.say(&Trouble::Internal)
        }
    }
}

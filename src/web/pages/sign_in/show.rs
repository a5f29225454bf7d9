//! GET `/sign-in`

use axum::response::Response;
use serde::Deserialize;

use crate::web::{
    error::WebError,
    extract::{QueryParts, Visitor},
    pages::page,
    redirect,
    view::sign_in::SignInPage,
};

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Next {
    #[serde(default)]
    pub(in crate::web) next: String,
}

impl Next {
    /// The path, if it is one of this server and not the start page.
    pub(in crate::web) fn local(&self) -> Option<String> {
        local(&self.next)
    }
}

pub(in crate::web) fn local(next: &str) -> Option<String> {
    let path = redirect::local_path(next);
    (path != "/").then(|| path.to_owned())
}

pub(in crate::web) async fn show(
    visitor: Visitor,
    QueryParts(next): QueryParts<Next>,
) -> Result<Response, WebError> {
    if visitor.login().is_some() {
        return Ok(redirect::to(&next.next));
    }
    Ok(page(SignInPage {
        layout: visitor.layout(visitor.t().get("sign-in")),
        next: next.local(),
        username: String::new(),
        error: None,
    }))
}

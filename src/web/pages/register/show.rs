//! GET `/register`

use axum::response::Response;

use crate::web::{
    error::WebError,
    extract::{QueryParts, Visitor},
    pages::{page, sign_in::Next},
    redirect,
    view::sign_in::RegisterPage,
};

pub(in crate::web) async fn show(
    visitor: Visitor,
    QueryParts(next): QueryParts<Next>,
) -> Result<Response, WebError> {
    if visitor.login().is_some() {
        return Ok(redirect::to(&next.next));
    }
    Ok(page(RegisterPage {
        layout: visitor.layout(visitor.t().get("register")),
        next: next.local(),
        username: String::new(),
        errors: Vec::new(),
    }))
}

//! GET `/setup?token=…`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    services::App,
    web::{
        error::WebError,
        extract::{QueryParts, Visitor},
        pages::page,
        view::setup::SetupPage,
    },
};

#[derive(Deserialize)]
pub(in crate::web) struct Link {
    #[serde(default)]
    token: String,
}

pub(in crate::web) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    QueryParts(Link { token }): QueryParts<Link>,
) -> Result<Response, WebError> {
    let is_open = app.set_up_link_is_open(&token).await?;
    let layout = visitor.layout(visitor.t().get("setup-title"));
    Ok(page(SetupPage {
        layout,
        token: is_open.then_some(token),
        username: String::new(),
        errors: Vec::new(),
    }))
}

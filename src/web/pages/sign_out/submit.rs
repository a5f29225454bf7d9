//! POST `/sign-out`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    services::App,
    web::{
        error::WebError,
        extract::{CheckedForm, Visitor},
        middleware::cookies,
        pages::add_cookie,
        redirect,
        view::urls,
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NoFields {}

pub(in crate::web) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    CheckedForm(NoFields {}): CheckedForm<NoFields>,
) -> Result<Response, WebError> {
    if let Some(login) = visitor.login() {
        app.sign_out(login.cookie()).await?;
    }
    let mut response = redirect::to(urls::HOME);
    add_cookie(&mut response, cookies::clear_login(&app.config));
    Ok(response)
}

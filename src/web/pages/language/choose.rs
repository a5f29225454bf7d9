//! POST `/language`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    domain::text::Locale,
    services::App,
    web::{
        error::WebError, extract::CheckedForm, middleware::cookies, pages::add_cookie, redirect,
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    locale: String,
    #[serde(default)]
    back: String,
}

pub(in crate::web) async fn choose(
    State(app): State<App>,
    CheckedForm(fields): CheckedForm<Fields>,
) -> Result<Response, WebError> {
    let locale: Locale = fields
        .locale
        .parse()
        .map_err(|_| WebError::Malformed("unknown language".to_owned()))?;
    let mut response = redirect::to(&fields.back);
    add_cookie(&mut response, cookies::set_language(locale, &app.config));
    Ok(response)
}

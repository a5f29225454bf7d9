//! POST `/setup`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    services::{App, Refusal, ServiceError},
    web::{
        error::WebError,
        extract::{CheckedForm, Visitor},
        pages::{field_error, form_again, repeat_error, signed_in},
        view::{parts::FieldError, setup::SetupPage, urls},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    token: String,
    username: String,
    password: String,
    repeat: String,
}

pub(in crate::web) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    CheckedForm(fields): CheckedForm<Fields>,
) -> Result<Response, WebError> {
    let Fields {
        token,
        username,
        password,
        repeat,
    } = fields;
    let t = visitor.t();
    let again = |refusal: Refusal, error: Option<FieldError>| {
        let mut layout = visitor.layout(t.get("setup-title"));
        urls::SETUP.clone_into(&mut layout.path);
        let page = SetupPage {
            layout,
            token: error.is_some().then(|| token.clone()),
            username: username.clone(),
            errors: error.into_iter().collect(),
        };
        form_again(refusal, page)
    };
    if password != repeat {
        return Ok(again(Refusal::WrongCredentials, Some(repeat_error(t))));
    }
    match app.set_up(&token, &username, password).await {
        Ok(login) => Ok(signed_in(&login, urls::ADMIN, &app.config)),
        Err(ServiceError::Refused(Refusal::LinkUsed)) => Ok(again(Refusal::LinkUsed, None)),
        Err(ServiceError::Refused(refusal)) => match field_error(t, refusal) {
            Some(error) => Ok(again(refusal, Some(error))),
            None => Err(refusal.into()),
        },
        Err(error) => Err(error.into()),
    }
}

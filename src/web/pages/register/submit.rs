//! POST `/register`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    services::{App, Refusal, ServiceError},
    web::{
        error::WebError,
        extract::{CheckedForm, Visitor},
        pages::{field_error, form_again, repeat_error, sign_in::local, signed_in},
        view::{parts::FieldError, sign_in::RegisterPage, urls},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    username: String,
    password: String,
    repeat: String,
    #[serde(default)]
    next: String,
}

pub(in crate::web) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    CheckedForm(fields): CheckedForm<Fields>,
) -> Result<Response, WebError> {
    let Fields {
        username,
        password,
        repeat,
        next,
    } = fields;
    let again = |refusal: Refusal, error: FieldError, username: String| {
        let mut layout = visitor.layout(visitor.t().get("register"));
        urls::REGISTER.clone_into(&mut layout.path);
        let page = RegisterPage {
            layout,
            next: local(&next),
            username,
            errors: vec![error],
        };
        form_again(refusal, page)
    };
    if password != repeat {
        let error = repeat_error(visitor.t());
        return Ok(again(Refusal::WrongCredentials, error, username));
    }
    match app
        .register(&username, password, visitor.info().client)
        .await
    {
        Ok(login) => {
            if let Some(old) = visitor.login() {
                app.sign_out(old.cookie()).await?;
            }
            Ok(signed_in(&login, &next, &app.config))
        }
        Err(ServiceError::Refused(refusal)) => match field_error(visitor.t(), refusal) {
            Some(error) => Ok(again(refusal, error, username)),
            None => Err(refusal.into()),
        },
        Err(error) => Err(error.into()),
    }
}

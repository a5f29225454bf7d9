//! POST `/me/password`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::show::build;
use crate::{
    services::{App, Refusal, ServiceError},
    web::{
        error::{Explanation, WebError},
        extract::{CheckedForm, SignedIn},
        pages::{field_error, form_again, repeat_error, signed_in},
        view::parts::FieldError,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    current: String,
    password: String,
    repeat: String,
}

pub(in crate::web) async fn change_password(
    State(app): State<App>,
    viewer: SignedIn,
    CheckedForm(fields): CheckedForm<Fields>,
) -> Result<Response, WebError> {
    let Fields {
        current,
        password,
        repeat,
    } = fields;
    let t = viewer.t();
    let (refusal, error) = if password == repeat {
        let address = viewer.info().client;
        match app
            .change_password(viewer.user(), current, password, address)
            .await
        {
            Ok(login) => return Ok(signed_in(&login, "/me?done=password", &app.config)),
            Err(ServiceError::Refused(Refusal::WrongCredentials)) => {
                let message = t.get("form-current-wrong");
                (
                    Refusal::WrongCredentials,
                    FieldError {
                        field: "current",
                        message,
                    },
                )
            }
            Err(ServiceError::Refused(Refusal::TooManyTries)) => {
                let message = Explanation::of_refusal(t, Refusal::TooManyTries).line(t);
                (
                    Refusal::TooManyTries,
                    FieldError {
                        field: "current",
                        message,
                    },
                )
            }
            Err(ServiceError::Refused(refusal)) => match field_error(t, refusal) {
                Some(error) => (refusal, error),
                None => return Err(refusal.into()),
            },
            Err(error) => return Err(error.into()),
        }
    } else {
        (Refusal::WrongCredentials, repeat_error(t))
    };
    Ok(form_again(
        refusal,
        build(&app, &viewer, vec![error]).await?,
    ))
}

//! POST `/sign-in`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::show::local;
use crate::{
    services::{App, ServiceError},
    web::{
        error::{Explanation, WebError},
        extract::{CheckedForm, Visitor},
        pages::{form_again, signed_in},
        view::{sign_in::SignInPage, urls},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    username: String,
    password: String,
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
        next,
    } = fields;
    match app
        .sign_in(&username, password, visitor.info().client)
        .await
    {
        Ok(login) => {
            // The session that was there is not left behind.
            if let Some(old) = visitor.login() {
                app.sign_out(old.cookie()).await?;
            }
            Ok(signed_in(&login, &next, &app.config))
        }
        Err(ServiceError::Refused(refusal)) => {
            let t = visitor.t();
            let mut layout = visitor.layout(t.get("sign-in"));
            urls::SIGN_IN.clone_into(&mut layout.path);
            let page = SignInPage {
                layout,
                next: local(&next),
                username,
                error: Some(Explanation::of_refusal(t, refusal).line(t)),
            };
            Ok(form_again(refusal, page))
        }
        Err(error) => Err(error.into()),
    }
}

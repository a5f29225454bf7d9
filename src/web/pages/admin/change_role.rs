//! POST `/admin/users/{user}/role`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    domain::{ids::UserId, user::Role},
    services::{App, Refusal},
    web::{
        error::WebError,
        extract::{Admin, CheckedForm, PathParts},
        redirect,
        view::urls,
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    role: String,
}

pub(in crate::web) async fn change_role(
    State(app): State<App>,
    admin: Admin,
    PathParts(user): PathParts<UserId>,
    CheckedForm(fields): CheckedForm<Fields>,
) -> Result<Response, WebError> {
    let role: Role = fields.role.parse().map_err(|_| Refusal::UnknownRole)?;
    if user == admin.user() {
        // Nobody locks themselves out by a slip of the hand.
        return Err(WebError::Forbidden);
    }
    app.set_role(user, role).await?;
    Ok(redirect::to(urls::ADMIN))
}

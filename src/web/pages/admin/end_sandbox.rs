//! POST `/admin/sandboxes/{sandbox}/end`

use axum::{extract::State, response::Response};

use crate::{
    domain::ids::SandboxId,
    services::App,
    web::{
        error::WebError,
        extract::{Admin, CheckedForm, PathParts},
        pages::sign_out::NoFields,
        redirect,
        view::urls,
    },
};

pub(in crate::web) async fn end_sandbox(
    State(app): State<App>,
    admin: Admin,
    PathParts(id): PathParts<SandboxId>,
    CheckedForm(NoFields {}): CheckedForm<NoFields>,
) -> Result<Response, WebError> {
    app.stop_sandbox(id).await?;
    tracing::info!(sandbox.id = %id, user.id = %admin.user(), "an administrator ended a sandbox");
    Ok(redirect::to(urls::ADMIN))
}

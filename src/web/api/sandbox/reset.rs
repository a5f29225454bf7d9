//! POST `/api/attempts/{attempt}/reset`: the machines anew.

use axum::{Json, extract::State};

use super::answer;
use crate::{
    services::App,
    web::{error::WebError, extract::OwnAttempt, view::lab_data::SandboxData},
};

pub(in crate::web) async fn reset(
    State(app): State<App>,
    own: OwnAttempt,
) -> Result<Json<SandboxData>, WebError> {
    app.reset_sandbox(&own.attempt).await?;
    answer(&app, &own).await
}

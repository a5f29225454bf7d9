//! POST `/api/attempts/{attempt}/extend`: more time.

use axum::{Json, extract::State};

use super::answer;
use crate::{
    services::App,
    web::{error::WebError, extract::OwnAttempt, view::lab_data::SandboxData},
};

pub(in crate::web) async fn extend(
    State(app): State<App>,
    own: OwnAttempt,
) -> Result<Json<SandboxData>, WebError> {
    app.extend_sandbox(&own.attempt).await?;
    answer(&app, &own).await
}

//! POST `/api/attempts/{attempt}/restart`: a new sandbox after the old one ended.

use axum::{Json, extract::State};

use super::answer;
use crate::{
    services::App,
    web::{error::WebError, extract::OwnAttempt, view::lab_data::SandboxData},
};

pub(in crate::web) async fn restart(
    State(app): State<App>,
    own: OwnAttempt,
) -> Result<Json<SandboxData>, WebError> {
    app.start_sandbox(&own.attempt).await?;
    answer(&app, &own).await
}

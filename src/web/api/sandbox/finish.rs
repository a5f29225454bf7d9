//! POST `/api/attempts/{attempt}/finish`: the learner is done.

use axum::{Json, extract::State};

use super::answer;
use crate::{
    services::App,
    web::{error::WebError, extract::OwnAttempt, view::lab_data::SandboxData},
};

pub(in crate::web) async fn finish(
    State(app): State<App>,
    own: OwnAttempt,
) -> Result<Json<SandboxData>, WebError> {
    app.finish_sandbox(&own.attempt).await?;
    answer(&app, &own).await
}

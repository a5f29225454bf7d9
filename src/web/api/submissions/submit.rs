//! POST `/api/attempts/{attempt}/submissions`

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;

use crate::{
    domain::ids::Slug,
    services::App,
    web::{
        error::WebError,
        extract::{CheckedJson, OwnAttempt},
        present,
        view::lab_data::SubmissionData,
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Body {
    step: Slug,
    key: String,
}

pub(in crate::web) async fn submit(
    State(app): State<App>,
    own: OwnAttempt,
    CheckedJson(Body { step, key }): CheckedJson<Body>,
) -> Result<(StatusCode, Json<SubmissionData>), WebError> {
    let view = app.submit(&own.attempt, &step, &key).await?;
    let data = present::submission(view, own.learner.locale());
    Ok((StatusCode::ACCEPTED, Json(data)))
}

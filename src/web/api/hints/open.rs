//! POST `/api/attempts/{attempt}/hints`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use crate::{
    domain::ids::Slug,
    services::App,
    web::{
        error::WebError,
        extract::{CheckedJson, OwnAttempt},
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Body {
    step: Slug,
}

#[derive(Debug, Serialize)]
pub(in crate::web) struct Hint {
    index: u32,
    html: String,
    left: u32,
}

pub(in crate::web) async fn open(
    State(app): State<App>,
    own: OwnAttempt,
    CheckedJson(Body { step }): CheckedJson<Body>,
) -> Result<Json<Hint>, WebError> {
    let (index, html, left) = app
        .open_hint(&own.attempt, &step, own.learner.locale())
        .await?;
    Ok(Json(Hint {
        index,
        html: html.to_string(),
        left,
    }))
}

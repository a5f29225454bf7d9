//! POST `/api/attempts/{attempt}/machines/{machine}/folder`

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::At;
use crate::{
    services::App,
    web::{
        error::WebError,
        extract::{CheckedJson, OwnAttempt, PathParts},
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Body {
    path: String,
}

pub(in crate::web) async fn create_folder(
    State(app): State<App>,
    own: OwnAttempt,
    PathParts(At { machine }): PathParts<At>,
    CheckedJson(Body { path }): CheckedJson<Body>,
) -> Result<Json<Value>, WebError> {
    app.create_folder(&own.attempt, &machine, &path).await?;
    Ok(Json(json!({ "path": path })))
}

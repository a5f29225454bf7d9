//! POST `/api/attempts/{attempt}/machines/{machine}/rename`

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
    from: String,
    to: String,
}

pub(in crate::web) async fn rename(
    State(app): State<App>,
    own: OwnAttempt,
    PathParts(At { machine }): PathParts<At>,
    CheckedJson(Body { from, to }): CheckedJson<Body>,
) -> Result<Json<Value>, WebError> {
    app.rename_file(&own.attempt, &machine, &from, &to).await?;
    Ok(Json(json!({ "path": to })))
}

//! PUT `/api/attempts/{attempt}/machines/{machine}/file`

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
    text: String,
    version: Option<String>,
}

pub(in crate::web) async fn write(
    State(app): State<App>,
    own: OwnAttempt,
    PathParts(At { machine }): PathParts<At>,
    CheckedJson(Body {
        path,
        text,
        version,
    }): CheckedJson<Body>,
) -> Result<Json<Value>, WebError> {
    let meta = app
        .write_file(&own.attempt, &machine, &path, text, version)
        .await?;
    Ok(Json(json!({ "version": meta.version.as_str() })))
}

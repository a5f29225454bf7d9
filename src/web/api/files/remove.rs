//! DELETE `/api/attempts/{attempt}/machines/{machine}/file?path=`

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{At, Target};
use crate::{
    services::App,
    web::{
        error::WebError,
        extract::{OwnAttempt, PathParts, QueryParts},
    },
};

pub(in crate::web) async fn remove(
    State(app): State<App>,
    own: OwnAttempt,
    PathParts(At { machine }): PathParts<At>,
    QueryParts(Target { path }): QueryParts<Target>,
) -> Result<Json<Value>, WebError> {
    app.remove_file(&own.attempt, &machine, &path).await?;
    Ok(Json(json!({ "path": path })))
}

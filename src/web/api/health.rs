//! GET `/healthz`

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::services::App;

/// 200 while the database answers: without the engine lessons can still be read.
pub(in crate::web) async fn health(State(app): State<App>) -> Response {
    let database = app.store.has_admin().await.is_ok();
    let engine = app.reconciler.engine_is_up();
    let status = if database {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let word = |is_up| if is_up { "up" } else { "down" };
    let mut response = (
        status,
        Json(json!({ "database": word(database), "engine": word(engine) })),
    )
        .into_response();
    response.extensions_mut().insert(crate::web::pages::Worded);
    response
}

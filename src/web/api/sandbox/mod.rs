//! The attempt's sandbox.

mod extend;
mod finish;
mod reset;
mod restart;

pub(in crate::web) use extend::extend;
pub(in crate::web) use finish::finish;
pub(in crate::web) use reset::reset;
pub(in crate::web) use restart::restart;

use axum::Json;

use crate::{
    services::App,
    web::{error::WebError, extract::OwnAttempt, present, view::lab_data::SandboxData},
};

/// How the sandbox is now.
async fn answer(app: &App, own: &OwnAttempt) -> Result<Json<SandboxData>, WebError> {
    let sandbox = present::sandbox(app, own.attempt.id, own.learner.t()).await?;
    Ok(Json(sandbox.ok_or(WebError::NotFound)?))
}

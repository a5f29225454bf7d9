//! POST `/courses/{course}/lessons/{lesson}/mark`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    domain::ids::Slug,
    services::App,
    web::{
        error::WebError,
        extract::{CheckedForm, PathParts, SignedIn},
        redirect,
        view::urls,
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Fields {
    done: String,
}

pub(in crate::web) async fn mark(
    State(app): State<App>,
    learner: SignedIn,
    PathParts((course, lesson)): PathParts<(Slug, Slug)>,
    CheckedForm(fields): CheckedForm<Fields>,
) -> Result<Response, WebError> {
    match fields.done.as_str() {
        "1" => app.mark_read(learner.user(), &course, &lesson).await?,
        "0" => app.mark_unread(learner.user(), &course, &lesson).await?,
        _ => return Err(WebError::Malformed("done is 0 or 1".to_owned())),
    }
    Ok(redirect::to(&urls::lesson(&course, &lesson)))
}

//! POST `/courses/{course}/labs/{lab}/start`

use axum::{extract::State, response::Response};

use crate::{
    domain::ids::Slug,
    services::{App, Refusal, ServiceError},
    web::{
        error::WebError,
        extract::{CheckedForm, PathParts, SignedIn},
        pages::sign_out::NoFields,
        redirect,
        view::urls,
    },
};

pub(in crate::web) async fn start(
    State(app): State<App>,
    learner: SignedIn,
    PathParts((course, lab)): PathParts<(Slug, Slug)>,
    CheckedForm(NoFields {}): CheckedForm<NoFields>,
) -> Result<Response, WebError> {
    let loaded = app.loaded();
    let found = loaded.catalog.lab(&lab).ok_or(WebError::NotFound)?;
    if found.course != course {
        return Err(WebError::NotFound);
    }
    let attempt = app.start_attempt(learner.user(), &lab).await?;
    match app.start_sandbox(&attempt).await {
        // Many clicks, and a sandbox that is there already, lead to the same page.
        Ok(_) => Ok(redirect::to(&urls::attempt(&attempt.id))),
        // That page lists the sandboxes that could be ended.
        Err(ServiceError::Refused(Refusal::TooManySandboxes)) => {
            Ok(redirect::to(&urls::lab(&course, &lab)))
        }
        Err(error) => Err(error.into()),
    }
}

//! POST `/api/attempts/{attempt}/previews`: a link to what listens on a port. It works once.

use std::num::NonZeroU16;

use axum::{Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};

use crate::{
    domain::ids::Slug,
    services::App,
    web::{
        error::WebError,
        extract::{CheckedJson, OwnAttempt},
        middleware::origin,
        preview::PreviewBase,
        redirect::local_path,
        view::urls,
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Body {
    machine: Slug,
    port: NonZeroU16,
    /// The path to show, with query.
    path: String,
}

#[derive(Debug, Serialize)]
pub(in crate::web) struct Link {
    /// Where the preview opens.
    url: String,
}

pub(in crate::web) async fn link(
    State(app): State<App>,
    headers: HeaderMap,
    own: OwnAttempt,
    CheckedJson(Body {
        machine,
        port,
        path,
    }): CheckedJson<Body>,
) -> Result<Json<Link>, WebError> {
    let base = PreviewBase::of(&headers, &app.config).ok_or(WebError::PreviewsElsewhere)?;
    let page = origin::of_page(&headers, &app.config)
        .ok_or_else(|| WebError::Malformed("no origin".to_owned()))?;
    let link = app
        .link_preview(
            &own.attempt,
            own.learner.session().cookie(),
            (&machine, port),
            (&page, own.learner.locale()),
        )
        .await?;
    let origin = base.origin(&link.place);
    Ok(Json(Link {
        url: urls::preview_open(&origin, &link.token, local_path(&path)),
    }))
}

//! GET `/assets/courses/{course}/{path}`

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::highlight_css::{is_known, tag};
use crate::{
    domain::ids::Slug,
    services::App,
    web::{error::WebError, extract::PathParts},
};

/// An author's image is shown, never run: opened by itself it is a document of nobody's origin.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

pub(in crate::web) async fn course_image(
    State(app): State<App>,
    PathParts((course, path)): PathParts<(Slug, String)>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let loaded = app.loaded();
    let bytes = loaded
        .catalog
        .asset(&course, &path)
        .ok_or(WebError::NotFound)?;
    let kind = match path
        .rsplit('.')
        .next()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => return Err(WebError::NotFound),
    };
    let tag = tag(bytes);
    let caching = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let own = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((caching, own, bytes.to_vec()).into_response())
}

//! GET `/static/highlight.css`

use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::content;

static CSS: LazyLock<(String, String)> = LazyLock::new(|| {
    let css = content::highlight_css();
    let tag = tag(css.as_bytes());
    (css, tag)
});

/// The mark of a content.
pub(super) fn tag(content: &[u8]) -> String {
    // A weak mark: compression changes the bytes, not the meaning.
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
    format!("W/\"{hash}\"")
}

/// Whether the browser has this content.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    sent.split(',').any(|t| t.trim() == tag)
}

pub(in crate::web) async fn highlight_css(headers: HeaderMap) -> Response {
    let (css, tag) = &*CSS;
    let caching = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    if is_known(&headers, tag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (
        caching,
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        css.as_str(),
    )
        .into_response()
}

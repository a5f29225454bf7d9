//! Headers of every response.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    super::{
        preview::PreviewBase,
        request::{Kind, RequestInfo},
    },
    origin::is_host,
};
use crate::config::Config;

/// Marks the response of a page that adds style elements by script: terminal and editor do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UsesStyleNonce;

/// Marks the response of a page that shows previews in frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShowsPreviews;

const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), \
         display-capture=(), clipboard-read=(self), clipboard-write=(self)",
    ),
];

/// Two years, as the list of hosts known to use TLS asks for at least one.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Sets what every response carries.
pub(super) fn set(
    response: &mut Response,
    info: &RequestInfo,
    request: &HeaderMap,
    config: &Config,
) {
    let nonce = response
        .extensions()
        .get::<UsesStyleNonce>()
        .map(|_| info.style_nonce.as_str());
    let previews = response
        .extensions()
        .get::<ShowsPreviews>()
        .and_then(|_| PreviewBase::of(request, config));
    let policy = content_policy(nonce, previews.as_ref(), request, config);
    let status = response.status();
    let is_ok = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A handler may have set a stricter one besides: browsers keep to both.
    headers.append(header::CONTENT_SECURITY_POLICY, policy);
    if config.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    if let Ok(id) = HeaderValue::from_str(&info.id.to_string()) {
        headers.insert("x-request-id", id);
    }
    let caching = match info.kind {
        // These names carry a hash of their content.
        Kind::Static if is_ok && info.path.starts_with("/static/dist/chunks/") => {
            "public, max-age=31536000, immutable"
        }
        // Kept, but asked for again: the answer is short when nothing changed.
        Kind::Static if is_ok => "no-cache",
        // Pages and answers are one viewer's own.
        _ => "no-store",
    };
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static(caching));
}

/// Nothing but our own scripts, styles and images; connections to this host alone.
fn content_policy(
    nonce: Option<&str>,
    previews: Option<&PreviewBase>,
    request: &HeaderMap,
    config: &Config,
) -> HeaderValue {
    // The terminal draws with style attributes, which no nonce can allow; without scripts of
    // others they can do no more than look odd.
    let style = nonce
        .map(|n| format!(" 'nonce-{n}'; style-src-attr 'unsafe-inline'"))
        .unwrap_or_default();
    // Not every browser takes 'self' to include WebSockets.
    let scheme = if config.is_https() { "wss" } else { "ws" };
    let sockets = request
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| is_host(host))
        .map(|host| format!(" {scheme}://{host}"))
        .unwrap_or_default();
    let frames = previews
        .map(|base| format!("frame-src {}; ", base.every_origin()))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; {frames}script-src 'self'; style-src 'self'{style}; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'{sockets}; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; frame-ancestors 'none'",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(host: &'static str, nonce: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        let policy = content_policy(nonce, None, &headers, &Config::default());
        policy.to_str().unwrap().to_owned()
    }

    #[test]
    fn only_the_page_that_shows_previews_may_have_frames_and_only_of_previews() {
        assert!(!policy("localhost:8080", None).contains("frame-src"));
        let config = Config::default();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        let base = PreviewBase::of(&headers, &config).unwrap();
        let policy = content_policy(None, Some(&base), &headers, &config);
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains("; frame-src http://*.localhost:8080; "),
            "{policy}"
        );
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }

    #[test]
    fn sockets_go_to_the_host_asked_for_and_nothing_else_slips_in() {
        assert!(policy("a.example:8080", None).contains("connect-src 'self' ws://a.example:8080;"));
        assert!(policy("a; script-src *", None).contains("connect-src 'self';"));
        assert!(!policy("a", None).contains("unsafe"));
        assert!(policy("a", Some("abc")).contains("style-src 'self' 'nonce-abc';"));
    }
}

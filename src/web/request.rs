//! What is known of a request before anybody looks at who sent it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Method, header, request::Parts},
};
use uuid::Uuid;

use super::middleware::cookies;
use crate::{config::Config, domain::text::Locale};

/// Longest path with query that is echoed into pages and redirects, in bytes.
const MAX_PATH: usize = 2048;

/// In which form an answer is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A page for people.
    Page,
    /// JSON for scripts and probes.
    Api,
    /// A WebSocket.
    Socket,
    /// A file that is the same for everybody.
    Static,
}

/// What is known of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestInfo {
    /// Ours; the client's own is never taken over.
    pub(crate) id: Uuid,
    /// The viewer's language.
    pub(crate) locale: Locale,
    /// Path and query.
    pub(crate) path: String,
    /// What is expected.
    pub(crate) kind: Kind,
    /// Where it comes from.
    pub(crate) client: IpAddr,
    /// Whether it may change anything.
    pub(crate) is_unsafe: bool,
    /// Allows the style elements of this answer's page, if it asks for it.
    pub(crate) style_nonce: String,
}

impl RequestInfo {
    /// Reads a request's head.
    pub(crate) fn of(parts: &Parts, config: &Config) -> Self {
        let path = parts.uri.path();
        let kind = if path.starts_with("/static/") {
            Kind::Static
        } else if path.starts_with("/ws/") {
            Kind::Socket
        } else if path.starts_with("/api/") || path == "/healthz" {
            Kind::Api
        } else {
            Kind::Page
        };
        let whole = parts.uri.path_and_query().map_or(path, |p| p.as_str());
        Self {
            id: Uuid::now_v7(),
            locale: locale(&parts.headers),
            path: if whole.len() <= MAX_PATH { whole } else { "/" }.to_owned(),
            kind,
            client: client(parts, config.trusted_proxies),
            is_unsafe: !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS),
            style_nonce: Uuid::new_v4().simple().to_string(),
        }
    }
}

/// The language: the cookie's, else the browser's, else Chinese.
fn locale(headers: &HeaderMap) -> Locale {
    cookies::get(headers, cookies::LANGUAGE)
        .and_then(|code| code.parse().ok())
        .or_else(|| {
            let wanted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Locale::negotiate(wanted)
        })
        .unwrap_or_default()
}

/// The client's address: the connection's, or what the outermost trusted proxy saw. What stands
/// further left in the header anybody can write there.
fn client(parts: &Parts, trusted_proxies: u8) -> IpAddr {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    if trusted_proxies == 0 {
        return peer.to_canonical();
    }
    let seen: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    seen.len()
        .checked_sub(usize::from(trusted_proxies))
        .and_then(|at| seen.get(at)?.parse::<IpAddr>().ok())
        .unwrap_or(peer)
        .to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/courses/go");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts
            .extensions
            .insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 9], 1234))));
        parts
    }

    #[test]
    fn only_what_trusted_proxies_saw_counts_as_the_client() {
        let forged = parts(&[
            ("x-forwarded-for", "1.1.1.1, 2.2.2.2"),
            ("x-forwarded-for", "3.3.3.3"),
        ]);
        assert_eq!(client(&forged, 0), IpAddr::from([10, 0, 0, 9]));
        assert_eq!(client(&forged, 1), IpAddr::from([3, 3, 3, 3]));
        assert_eq!(client(&forged, 2), IpAddr::from([2, 2, 2, 2]));
        assert_eq!(client(&forged, 9), IpAddr::from([10, 0, 0, 9]));
        assert_eq!(
            client(&parts(&[("x-forwarded-for", "rubbish")]), 1),
            IpAddr::from([10, 0, 0, 9])
        );
    }

    #[test]
    fn the_cookie_outranks_the_browser_and_chinese_is_the_default() {
        assert_eq!(locale(&parts(&[]).headers), Locale::Zh);
        assert_eq!(
            locale(&parts(&[("accept-language", "en-GB")]).headers),
            Locale::En
        );
        let both = [("accept-language", "en"), ("cookie", "slipway_language=zh")];
        assert_eq!(locale(&parts(&both).headers), Locale::Zh);
        let odd = [
            ("accept-language", "en"),
            ("cookie", "slipway_language=<b>"),
        ];
        assert_eq!(locale(&parts(&odd).headers), Locale::En);
    }
}

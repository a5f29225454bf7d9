//! What of a head goes on, either way.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::cookies;

/// Of one connection, not of the message (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What proxies in front of the server say about the client: none of the machine's business, or
/// said anew.
const OF_PROXIES: [&str; 8] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-prefix",
    "x-real-ip",
];

/// What an answer may not say, since it would reach beyond its own origin or outlive the sandbox:
/// wipe the cookies of the whole domain, insist on TLS for it, send reports, name another server.
const UNSAID: [&str; 9] = [
    "clear-site-data",
    "strict-transport-security",
    "public-key-pins",
    "report-to",
    "reporting-endpoints",
    "nel",
    "alt-svc",
    "service-worker-allowed",
    // Whether it may stand in a frame is ours to say.
    "x-frame-options",
];

const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), display-capture=()",
);

/// Removes what belongs to one connection only.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in listed.iter().chain(&HOP_BY_HOP) {
        // Whom a request is for and how long it is can't be a matter of one connection.
        if *name != header::HOST && *name != header::CONTENT_LENGTH {
            headers.remove(name);
        }
    }
}

/// What the machine gets to see of a request.
pub(super) fn to_machine(headers: &HeaderMap, own_origin: &str) -> HeaderMap {
    let mut headers = headers.clone();
    strip_hop_by_hop(&mut headers);
    headers.remove(header::EXPECT);
    headers.remove(header::TRAILER);
    for name in OF_PROXIES {
        headers.remove(name);
    }
    strip_own_cookies(&mut headers);
    if let Some((scheme, host)) = own_origin.split_once("://") {
        // Also where the request named it in its first line.
        for (name, value) in [
            (header::HOST, host),
            (HeaderName::from_static("x-forwarded-host"), host),
            (HeaderName::from_static("x-forwarded-proto"), scheme),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
    headers
}

fn strip_own_cookies(headers: &mut HeaderMap) {
    let kept: Vec<&[u8]> = cookies::pairs(headers)
        .filter(|pair| !cookies::is_ours(cookies::name(pair)))
        .collect();
    let kept = kept.join(&b"; "[..]);
    headers.remove(header::COOKIE);
    if !kept.is_empty()
        && let Ok(value) = HeaderValue::from_bytes(&kept)
    {
        headers.insert(header::COOKIE, value);
    }
}

/// What the browser gets to see of an answer. `pages` are the origins that may show the preview in
/// a frame.
pub(super) fn to_browser(headers: &mut HeaderMap, pages: &str, partitioned: bool) {
    strip_hop_by_hop(headers);
    for name in UNSAID {
        headers.remove(name);
    }
    let set: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|value| set_cookie(value.as_bytes(), partitioned))
        .collect();
    headers.remove(header::SET_COOKIE);
    for value in set {
        headers.append(header::SET_COOKIE, value);
    }
    // Beside a policy that the answer has of its own: browsers keep to both.
    headers.append(header::CONTENT_SECURITY_POLICY, framed_by(pages));
    headers.insert("permissions-policy", PERMISSIONS);
}

/// A policy that lets these pages, and the preview's own, show the preview in a frame.
fn framed_by(pages: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("frame-ancestors 'self' {pages}"))
        .unwrap_or(HeaderValue::from_static("frame-ancestors 'none'"))
}

/// A cookie that a machine sets, for its own host only; `None` when it may not be set at all.
fn set_cookie(value: &[u8], partitioned: bool) -> Option<HeaderValue> {
    let mut parts = value.split(|b| *b == b';');
    let pair = parts.next()?.trim_ascii();
    let name = cookies::name(pair);
    // A cookie without a name can pass for one with any name.
    if name.is_empty() || !pair.contains(&b'=') || cookies::is_ours(name) {
        return None;
    }
    let dropped: &[&str] = if partitioned {
        &["domain", "samesite", "secure", "partitioned"]
    } else {
        &["domain"]
    };
    let mut kept = vec![pair];
    kept.extend(parts.map(<[u8]>::trim_ascii).filter(|attribute| {
        let name = cookies::name(attribute);
        !dropped
            .iter()
            .any(|d| name.eq_ignore_ascii_case(d.as_bytes()))
    }));
    if partitioned {
        // Any other would not be kept where the preview stands in a page of another site.
        kept.push(b"SameSite=None; Secure; Partitioned");
    }
    HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    fn listed(headers: &HeaderMap) -> Vec<String> {
        let mut all: Vec<_> = headers
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_machine_sees_the_request_without_our_cookies_and_without_the_way_it_came() {
        let sent = map(&[
            ("host", "odd"),
            ("connection", "keep-alive, X-Hop, Host, Content-Length"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "secret"),
            ("expect", "100-continue"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("authorization", "Basic of-the-machine"),
            ("content-length", "3"),
            (
                "cookie",
                "a=1; slipway_preview=secret;__Host-slipway_preview=secret",
            ),
            ("cookie", "slipway_login=secret; b=2;  SLIPWAY_X=secret; c"),
        ]);
        assert_eq!(
            listed(&to_machine(&sent, "https://8080--x.example")),
            [
                "authorization: Basic of-the-machine",
                "content-length: 3",
                "cookie: a=1; b=2; c",
                "host: 8080--x.example",
                "x-forwarded-host: 8080--x.example",
                "x-forwarded-proto: https",
            ]
        );
        let only_ours = map(&[("cookie", "slipway_preview=secret")]);
        assert!(!to_machine(&only_ours, "http://x").contains_key("cookie"));
    }

    #[test]
    fn an_answer_reaches_no_further_than_its_origin() {
        let mut answer = map(&[
            ("content-type", "text/html"),
            ("connection", "close"),
            ("clear-site-data", "\"*\""),
            ("strict-transport-security", "max-age=1; includeSubDomains"),
            ("alt-svc", "h3=\":443\""),
            ("service-worker-allowed", "/"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "default-src 'self'"),
            ("permissions-policy", "camera=*"),
        ]);
        to_browser(&mut answer, "http://localhost:8080", false);
        assert_eq!(
            listed(&answer),
            [
                "content-security-policy: default-src 'self'".to_owned(),
                "content-security-policy: frame-ancestors 'self' http://localhost:8080".to_owned(),
                "content-type: text/html".to_owned(),
                format!("permissions-policy: {}", PERMISSIONS.to_str().unwrap()),
            ]
        );
    }

    #[test]
    fn a_cookie_of_a_machine_stays_with_its_host_and_is_none_of_ours() {
        let set = |text: &str, partitioned| {
            set_cookie(text.as_bytes(), partitioned).map(|v| v.to_str().unwrap().to_owned())
        };
        let kept = |text: &str| Some(text.to_owned());
        assert_eq!(
            set(
                "a=b; Path=/; DOMAIN=example.org ;HttpOnly; SameSite=Strict",
                false
            ),
            kept("a=b; Path=/; HttpOnly; SameSite=Strict")
        );
        assert_eq!(
            set(
                "a=b=c;Domain=localhost; secure; SameSite=Lax; Path=/x",
                true
            ),
            kept("a=b=c; Path=/x; SameSite=None; Secure; Partitioned")
        );
        for bad in [
            "slipway_preview=x",
            "__Host-slipway_preview=x; Path=/",
            "Slipway_Login=x",
            "=slipway_login=x",
            "slipway_login",
            "no-pair",
            "",
            " =x",
        ] {
            assert_eq!(set(bad, false), None, "{bad}");
        }
    }
}

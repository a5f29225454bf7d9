//! Which requests reach a preview.
//!
//! Whatever a page of another origin could send with the viewer's cookie is refused, but for
//! following a link: a page in one sandbox shall not act in another.

use axum::http::{HeaderMap, HeaderName, Method, header, request::Parts};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may pass.
    Free,
    /// It shows the preview in a frame: it may pass if our own page does that.
    FromPage,
    /// It may not.
    Refused,
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    let value = headers.get(HeaderName::from_static(name))?;
    // What is no text is nothing that is expected.
    Some(value.to_str().unwrap_or(""))
}

/// Where a browser says a request comes from; `None` for the viewer's own doing, and for what is no
/// browser.
fn foreign_site(headers: &HeaderMap) -> Option<&str> {
    text(headers, "sec-fetch-site").filter(|site| !matches!(*site, "same-origin" | "none"))
}

/// Whether it asks to go on as a WebSocket.
pub(super) fn is_socket(headers: &HeaderMap) -> bool {
    let lists = |name: HeaderName, wanted: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case(wanted))
    };
    lists(header::CONNECTION, "upgrade") && lists(header::UPGRADE, "websocket")
}

/// Looks at the head of a request to the preview of this origin.
pub(super) fn admit(parts: &Parts, own: &str) -> Admission {
    let headers = &parts.headers;
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Admission::Refused;
    }
    // A worker would stay in the browser beyond the sandbox's end and stand between us and the page.
    if headers.contains_key("service-worker")
        || text(headers, "sec-fetch-dest") == Some("serviceworker")
    {
        return Admission::Refused;
    }
    let origin = text(headers, "origin");
    if is_socket(headers) {
        let is_own = origin == Some(own) && parts.method == Method::GET;
        return if is_own && foreign_site(headers).is_none() {
            Admission::Free
        } else {
            Admission::Refused
        };
    }
    let only_looks = matches!(parts.method, Method::GET | Method::HEAD);
    if foreign_site(headers).is_none() {
        // A page that keeps its address to itself sends the origin `null`, also to itself.
        let is_own = text(headers, "sec-fetch-site") == Some("same-origin");
        return match origin {
            Some(origin) if origin != own && !is_own => Admission::Refused,
            _ => Admission::Free,
        };
    }
    let navigates = text(headers, "sec-fetch-mode") == Some("navigate");
    match text(headers, "sec-fetch-dest") {
        _ if !navigates || !only_looks || origin.is_some() => Admission::Refused,
        Some("document") => Admission::Free,
        Some("iframe") => Admission::FromPage,
        _ => Admission::Refused,
    }
}

/// The origin of the page that a request was sent from, as far as the browser tells.
pub(super) fn referring(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = text(headers, "referer")?.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(format!("{scheme}://{authority}"))
}

/// Whether a request was sent from a page of this origin.
pub(super) fn comes_from(headers: &HeaderMap, page: &str) -> bool {
    referring(headers).as_deref() == Some(page)
}

/// The origin of the page that a link must have been followed from; `None` when a browser would not
/// tell, or the viewer typed it in.
pub(super) fn must_come_from(headers: &HeaderMap) -> Option<String> {
    foreign_site(headers).map(|_| referring(headers).unwrap_or_default())
}

/// Whether a browser will treat our cookie as one of a third party: the preview stands in a page of
/// another site.
pub(super) fn is_third_party(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site") == Some("cross-site")
        && text(headers, "sec-fetch-dest") == Some("iframe")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const OWN: &str = "http://8080--x.localhost:8080";

    fn check(method: &str, headers: &[(&str, &str)]) -> Admission {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        admit(&request.body(()).unwrap().into_parts().0, OWN)
    }

    const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");
    const SOCKET: [(&str, &str); 2] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
    ];

    #[test]
    fn a_preview_s_own_pages_do_as_they_like() {
        let same = ("sec-fetch-site", "same-origin");
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"] {
            assert_eq!(check(method, &[same, ("origin", OWN)]), Admission::Free);
        }
        assert_eq!(
            check("GET", &[("sec-fetch-site", "none"), NAVIGATE]),
            Admission::Free
        );
        assert_eq!(check("GET", &[]), Admission::Free);
        assert_eq!(
            check("GET", &[SOCKET[0], SOCKET[1], ("origin", OWN)]),
            Admission::Free
        );
    }

    #[test]
    fn other_origins_may_link_to_a_preview_and_nothing_else() {
        let document = ("sec-fetch-dest", "document");
        for site in ["same-site", "cross-site", "", "odd"] {
            let site = ("sec-fetch-site", site);
            assert_eq!(check("GET", &[site, NAVIGATE, document]), Admission::Free);
            let frame = ("sec-fetch-dest", "iframe");
            assert_eq!(check("GET", &[site, NAVIGATE, frame]), Admission::FromPage);
            for (method, more) in [
                ("POST", vec![NAVIGATE, document]),
                ("GET", vec![]),
                (
                    "GET",
                    vec![("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
                ),
                (
                    "GET",
                    vec![("sec-fetch-mode", "cors"), ("origin", "http://other")],
                ),
                ("GET", vec![NAVIGATE, ("sec-fetch-dest", "object")]),
                ("GET", vec![NAVIGATE, ("sec-fetch-dest", "embed")]),
                ("GET", vec![NAVIGATE]),
                ("GET", vec![SOCKET[0], SOCKET[1], ("origin", OWN)]),
            ] {
                let mut headers = vec![site];
                headers.extend(&more);
                assert_eq!(
                    check(method, &headers),
                    Admission::Refused,
                    "{method} {headers:?}"
                );
            }
        }
        for origin in [
            "null",
            "http://localhost:8080",
            "http://8080--y.localhost:8080",
            "",
        ] {
            let origin = ("origin", origin);
            assert_eq!(check("POST", &[origin]), Admission::Refused, "{origin:?}");
            assert_eq!(check("GET", &[origin]), Admission::Refused, "{origin:?}");
            let socket = [SOCKET[0], SOCKET[1], origin];
            assert_eq!(check("GET", &socket), Admission::Refused, "{origin:?}");
        }
        assert_eq!(check("GET", &SOCKET), Admission::Refused, "no origin");
    }

    #[test]
    fn neither_service_workers_nor_tunnels_are_to_be_had() {
        let own = ("sec-fetch-site", "same-origin");
        assert_eq!(
            check("GET", &[own, ("service-worker", "script")]),
            Admission::Refused
        );
        assert_eq!(
            check("GET", &[own, ("sec-fetch-dest", "serviceworker")]),
            Admission::Refused
        );
        assert_eq!(check("CONNECT", &[]), Admission::Refused);
        assert_eq!(check("TRACE", &[]), Admission::Refused);
    }

    #[test]
    fn where_a_link_was_followed_is_told_by_the_browser() {
        let of = |headers: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            map
        };
        let cross = ("sec-fetch-site", "cross-site");
        let referer = ("referer", "http://localhost:8080/attempts/1?x#y");
        assert!(comes_from(&of(&[referer]), "http://localhost:8080"));
        assert!(!comes_from(&of(&[]), "http://localhost:8080"));
        assert_eq!(must_come_from(&of(&[referer])), None, "no browser");
        assert_eq!(
            must_come_from(&of(&[cross, referer])).as_deref(),
            Some("http://localhost:8080")
        );
        assert_eq!(must_come_from(&of(&[cross])).as_deref(), Some(""));
        assert_eq!(must_come_from(&of(&[("sec-fetch-site", "none")])), None);
        assert!(is_third_party(&of(&[cross, ("sec-fetch-dest", "iframe")])));
        assert!(!is_third_party(&of(&[
            cross,
            ("sec-fetch-dest", "document")
        ])));
    }
}

//! Whether a request comes from a page of this server.

use axum::http::{HeaderMap, header};

use crate::config::Config;

/// Where a request says it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A page of this server.
    Ours,
    /// Somewhere else.
    Foreign,
    /// It does not say: no browser, or an old one.
    Unsaid,
}

/// Compares `Sec-Fetch-Site` and `Origin` with the host asked for and the public address.
pub(crate) fn of(headers: &HeaderMap, config: &Config) -> Origin {
    let text = |name| {
        headers
            .get(name)
            .map(|v: &header::HeaderValue| v.to_str().unwrap_or(""))
    };
    // `none` is the viewer's own doing, such as reloading a page that a form led to.
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site"))
        && !matches!(site, "same-origin" | "none")
    {
        return Origin::Foreign;
    }
    let Some(origin) = text(header::ORIGIN) else {
        return Origin::Unsaid;
    };
    let Some(asking) = authority(origin) else {
        return Origin::Foreign;
    };
    let host = text(header::HOST).map(|h| strip_default_port(origin, h));
    let public = authority(&config.public_url);
    if Some(asking) == host || Some(asking) == public {
        Origin::Ours
    } else {
        Origin::Foreign
    }
}

/// The origin of the page of this server that sent a request; `None` when it can't be one.
pub(crate) fn of_page(headers: &HeaderMap, config: &Config) -> Option<String> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let origin = match text(header::ORIGIN) {
        Some(origin) => origin.to_owned(),
        // No browser leaves it out of what may change something.
        None => {
            let scheme = if config.is_https() { "https" } else { "http" };
            format!("{scheme}://{}", text(header::HOST)?)
        }
    };
    let (_, host) = origin.split_once("://")?;
    is_host(host).then_some(origin)
}

/// Whether it is a host and port, and can't add to a header.
pub(super) fn is_host(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

/// Host and port of an origin, without the scheme's default port.
fn authority(origin: &str) -> Option<&str> {
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))?;
    let authority = rest.split('/').next().filter(|a| !a.is_empty())?;
    Some(strip_default_port(origin, authority))
}

fn strip_default_port<'a>(origin: &str, authority: &'a str) -> &'a str {
    let port = if origin.starts_with("https://") {
        ":443"
    } else {
        ":80"
    };
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)]) -> Origin {
        let config = Config {
            public_url: "https://lab.example".into(),
            ..Config::default()
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        of(&map, &config)
    }

    #[test]
    fn only_this_host_and_the_public_address_are_ours() {
        let host = ("host", "10.0.0.1:8080");
        assert_eq!(
            check(&[host, ("origin", "http://10.0.0.1:8080")]),
            Origin::Ours
        );
        assert_eq!(
            check(&[host, ("origin", "https://lab.example")]),
            Origin::Ours
        );
        assert_eq!(
            check(&[("host", "a.example"), ("origin", "http://a.example:80")]),
            Origin::Ours
        );
        assert_eq!(check(&[host]), Origin::Unsaid);
        for foreign in [
            "http://10.0.0.1",
            "http://10.0.0.1:8081",
            "https://evil.example",
            "null",
            "",
            "https://lab.example.evil.example",
            "https://lab.example:8443",
            "file://",
        ] {
            assert_eq!(
                check(&[host, ("origin", foreign)]),
                Origin::Foreign,
                "{foreign}"
            );
        }
    }

    #[test]
    fn what_the_browser_says_about_the_site_is_believed_first() {
        let ours = [("host", "a"), ("origin", "http://a")];
        for (site, is) in [
            ("same-origin", Origin::Ours),
            ("none", Origin::Ours),
            ("same-site", Origin::Foreign),
            ("cross-site", Origin::Foreign),
        ] {
            assert_eq!(
                check(&[ours[0], ours[1], ("sec-fetch-site", site)]),
                is,
                "{site}"
            );
        }
    }
}

//! Which host names are previews, and the addresses of previews.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::Request,
    http::{HeaderMap, header},
};

use crate::{config::Config, domain::preview::PreviewPlace};

/// Whom a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The server itself.
    Ours,
    /// A host below the one of previews; `place` is `None` when it names none.
    Preview {
        /// The preview.
        place: Option<PreviewPlace>,
        /// Its origin.
        origin: String,
    },
    /// It names several hosts.
    Unclear,
}

/// A host and its port, as in `Host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    fn parse(text: &'a str) -> Self {
        // The colons of an IPv6 address stand in brackets.
        let end_of_address = text.rfind(']').unwrap_or(0);
        match text.rfind(':').filter(|at| *at > end_of_address) {
            Some(at) => Self {
                host: &text[..at],
                port: text[at + 1..].parse().ok(),
            },
            None => Self {
                host: text,
                port: None,
            },
        }
    }

    /// Of an address with scheme.
    fn of_url(url: &'a str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        Self::parse(rest.split('/').next().unwrap_or_default())
    }

    /// Whether it names the machine that the browser runs on.
    fn is_loopback(self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        is_localhost(host)
            || host.parse::<Ipv4Addr>().is_ok_and(|a| a.is_loopback())
            || host.parse::<Ipv6Addr>().is_ok_and(|a| a.is_loopback())
    }
}

/// `localhost` and what is below it (RFC 6761, 6.3).
fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost")
}

fn scheme(config: &Config) -> &'static str {
    if config.is_https() { "https" } else { "http" }
}

/// Whom a request is for, by the host that it names.
pub(super) fn asked(request: &Request, config: &Config) -> Host {
    let mut named = request.headers().get_all(header::HOST).iter();
    let header = named.next();
    if named.next().is_some() {
        return Host::Unclear;
    }
    // An address in absolute form outranks the header (RFC 9112, 3.2.2).
    match request.uri().authority() {
        Some(authority) => of(authority.as_str(), config),
        None => of(header.map_or("", |h| h.to_str().unwrap_or("")), config),
    }
}

fn of(authority: &str, config: &Config) -> Host {
    let lower = authority.to_ascii_lowercase();
    let Authority { host, port: _ } = Authority::parse(&lower);
    let host = host.strip_suffix('.').unwrap_or(host);
    let (base, _) = config.preview_host();
    if host == Authority::of_url(&config.public_url.to_ascii_lowercase()).host {
        return Host::Ours;
    }
    let Some(label) = host
        .strip_suffix(base)
        .and_then(|rest| rest.strip_suffix('.'))
    else {
        return Host::Ours;
    };
    Host::Preview {
        // Only the name as we make it: another spelling would be another origin.
        place: label
            .parse()
            .ok()
            .filter(|_| host.len() == Authority::parse(authority).host.len()),
        origin: format!("{}://{lower}", scheme(config)),
    }
}

/// Where previews are, seen from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct PreviewBase {
    scheme: &'static str,
    /// Host and, unless it is the scheme's own, port.
    authority: String,
}

impl PreviewBase {
    /// Where previews are for whoever asked for a page with these headers; `None` when they can't
    /// be reached from there: `*.localhost` is always the browser's own machine.
    pub(in crate::web) fn of(headers: &HeaderMap, config: &Config) -> Option<Self> {
        let asked = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let asked = Authority::parse(asked.unwrap_or_default());
        let (host, port) = config.preview_host();
        let port = match port {
            Some(port) => Some(port),
            None if is_localhost(host) => {
                if !asked.is_loopback() {
                    return None;
                }
                // The port that the browser came to, which a tunnel may have changed.
                asked.port
            }
            None => Authority::of_url(&config.public_url).port,
        };
        let standard = if config.is_https() { 443 } else { 80 };
        let authority = match port.filter(|port| *port != standard) {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Some(Self {
            scheme: scheme(config),
            authority,
        })
    }

    /// The origin of a preview.
    pub(in crate::web) fn origin(&self, place: &PreviewPlace) -> String {
        format!("{}://{place}.{}", self.scheme, self.authority)
    }

    /// All previews, for a content security policy.
    pub(in crate::web) fn every_origin(&self) -> String {
        format!("{}://*.{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01981b2c-0000-7000-8000-00000000abcd";

    fn config(public_url: &str, preview_host: &str) -> Config {
        Config {
            public_url: public_url.to_owned(),
            preview_host: preview_host.to_owned(),
            ..Config::default()
        }
    }

    #[test]
    fn the_host_decides_whom_a_request_is_for() {
        let local = config("http://localhost:8080", "localhost");
        for ours in [
            "localhost:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "192.168.1.5",
            "labs.example.org",
            "",
            "notlocalhost",
            "LOCALHOST",
        ] {
            assert_eq!(of(ours, &local), Host::Ours, "{ours}");
        }
        let named = format!("8080--{ID}.localhost:8080");
        assert_eq!(
            of(&named, &local),
            Host::Preview {
                place: Some(format!("8080--{ID}").parse().unwrap()),
                origin: format!("http://{named}"),
            }
        );
        for nothing in [
            "evil.localhost:8080",
            &format!("8080--{ID}.localhost.:8080"),
            &format!("a.8080--{ID}.localhost"),
            &format!("8080--{ID}.a.localhost"),
            ".localhost",
        ] {
            let found = of(nothing, &local);
            assert!(
                matches!(found, Host::Preview { place: None, .. }),
                "{nothing}: {found:?}"
            );
        }
        let named = config("http://slipway.localhost:8080", "localhost");
        assert_eq!(of("slipway.localhost:8080", &named), Host::Ours);
    }

    #[test]
    fn several_hosts_in_one_request_are_refused_and_an_absolute_address_counts() {
        let local = config("http://localhost:8080", "localhost");
        let request = |uri: &str, hosts: &[&str]| {
            let mut request = Request::get(uri);
            for host in hosts {
                request = request.header("host", *host);
            }
            asked(&request.body(axum::body::Body::empty()).unwrap(), &local)
        };
        let preview = format!("8080--{ID}.localhost");
        assert_eq!(request("/", &["localhost", &preview]), Host::Unclear);
        assert_eq!(request("/", &["localhost"]), Host::Ours);
        assert!(matches!(
            request(&format!("http://{preview}/"), &["localhost"]),
            Host::Preview { place: Some(_), .. }
        ));
        assert_eq!(request("http://localhost/", &[&preview]), Host::Ours);
    }

    fn base(public_url: &str, preview_host: &str, asked: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, asked.parse().unwrap());
        PreviewBase::of(&headers, &config(public_url, preview_host)).map(|b| b.every_origin())
    }

    #[test]
    fn previews_are_where_the_browser_can_find_them() {
        let found = |text: &str| Some(text.to_owned());
        let plain = "http://localhost:8080";
        for (asked, expected) in [
            ("localhost:8080", found("http://*.localhost:8080")),
            ("127.0.0.1:8080", found("http://*.localhost:8080")),
            ("[::1]:9000", found("http://*.localhost:9000")),
            ("localhost", found("http://*.localhost")),
            ("192.168.1.5:8080", None),
            ("localhost.example.org", None),
        ] {
            assert_eq!(base(plain, "localhost", asked), expected, "{asked}");
        }
        let tls = "https://labs.example.org";
        let asked = "labs.example.org";
        assert_eq!(base(tls, "localhost", asked), None);
        assert_eq!(
            base(tls, "preview.example.org", asked),
            found("https://*.preview.example.org")
        );
        assert_eq!(
            base(tls, "preview.example.org:8443", asked),
            found("https://*.preview.example.org:8443")
        );
        assert_eq!(
            base("https://labs.example.org:8443", "p.example.org", asked),
            found("https://*.p.example.org:8443")
        );
    }
}

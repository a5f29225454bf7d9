//! The cookie that lets a browser see a preview: bound to the preview's host, out of the reach of
//! its scripts, and never passed on to the machine.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

const PLAIN: &str = "slipway_preview";
const HOST: &str = "__Host-slipway_preview";
/// How long a browser keeps it, in seconds; the server ends it long before when it is not used.
const MAX_AGE_S: u32 = 12 * 60 * 60;
/// What the names of all our cookies begin with.
const OURS: [&str; 2] = ["slipway_", "__host-slipway_"];

/// Whether a cookie of this name is one of the server's own.
pub(super) fn is_ours(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    OURS.iter()
        .any(|prefix| name.starts_with(prefix.as_bytes()))
}

/// The pairs of a request's cookies, as they were sent.
pub(super) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
}

/// The name in a pair.
pub(super) fn name(pair: &[u8]) -> &[u8] {
    let end = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
    pair[..end].trim_ascii()
}

/// Every value that may be ours: another host of the same domain can plant cookies of this name
/// where there is no TLS.
pub(super) fn values(headers: &HeaderMap, config: &Config) -> Vec<String> {
    pairs(headers)
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
        .filter(|(name, _)| *name == HOST || (*name == PLAIN && !config.is_https()))
        .map(|(_, value)| value.to_owned())
        .filter(|value| value.len() == 64)
        .collect()
}

/// Gives the browser the cookie. In a page of another site (and to browsers, `localhost` is another
/// site than the names below it) only a cookie of that page's own partition is kept.
pub(super) fn set(value: &str, is_third_party: bool, config: &Config) -> HeaderValue {
    let is_secure = is_third_party || config.is_https();
    let name = if is_secure { HOST } else { PLAIN };
    let site = if is_third_party {
        "SameSite=None; Partitioned"
    } else {
        "SameSite=Lax"
    };
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; {site}{secure}; Max-Age={MAX_AGE_S}");
    // Names are constants, values hexadecimal digits.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(public_url: &str) -> Config {
        Config {
            public_url: public_url.to_owned(),
            ..Config::default()
        }
    }

    #[test]
    fn the_cookie_is_the_host_s_own_and_fits_where_the_preview_stands() {
        let (plain, tls) = (config("http://localhost"), config("https://a.example"));
        let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
        let rest = "Path=/; HttpOnly;";
        assert_eq!(
            text(set("v", false, &plain)),
            format!("slipway_preview=v; {rest} SameSite=Lax; Max-Age=43200")
        );
        assert_eq!(
            text(set("v", false, &tls)),
            format!("__Host-slipway_preview=v; {rest} SameSite=Lax; Secure; Max-Age=43200")
        );
        for config in [&plain, &tls] {
            assert_eq!(
                text(set("v", true, config)),
                format!(
                    "__Host-slipway_preview=v; {rest} SameSite=None; Partitioned; Secure; \
                     Max-Age=43200"
                )
            );
        }
    }

    #[test]
    fn over_tls_only_the_cookie_that_no_neighbour_can_plant_counts() {
        let mut headers = HeaderMap::new();
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let sent = format!("x=y; slipway_preview={a}; slipway_preview=short; {HOST}={b}");
        headers.insert(header::COOKIE, sent.parse().unwrap());
        assert_eq!(values(&headers, &config("http://a")), [a, b.clone()]);
        assert_eq!(values(&headers, &config("https://a")), [b]);
    }

    #[test]
    fn our_cookies_are_known_by_name_whatever_their_spelling() {
        for ours in [
            "slipway_preview",
            "SLIPWAY_login",
            "__Host-slipway_csrf",
            "__host-Slipway_x",
        ] {
            assert!(is_ours(ours.as_bytes()), "{ours}");
        }
        for other in ["session", "__Host-session", "my_slipway_x", ""] {
            assert!(!is_ours(other.as_bytes()), "{other}");
        }
    }
}

//! Our cookies: names, values, attributes.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::{config::Config, domain::text::Locale};

/// The viewer's language.
pub(crate) const LANGUAGE: &str = "slipway_language";
const LOGIN: &str = "slipway_login";
const CSRF: &str = "slipway_csrf";
// With this prefix browsers take a cookie only over TLS, for this host alone and for every path, so
// that a neighbouring host name cannot plant one.
const HOST_LOGIN: &str = "__Host-slipway_login";
const HOST_CSRF: &str = "__Host-slipway_csrf";

/// Longest value that can be one of ours, in bytes.
const MAX_VALUE: usize = 128;

/// The value of a cookie of the request.
pub(crate) fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, v)| *n == name && (1..=MAX_VALUE).contains(&v.len()))
        .map(|(_, value)| value.to_owned())
}

const fn login_name(https: bool) -> &'static str {
    if https { HOST_LOGIN } else { LOGIN }
}

const fn csrf_name(https: bool) -> &'static str {
    if https { HOST_CSRF } else { CSRF }
}

/// The login session's token that the browser sent. Without TLS, pages of a neighbouring host name
/// can plant cookies of this name, and signing somebody in as another is an attack too: of two
/// that differ, neither counts.
pub(crate) fn login(headers: &HeaderMap, config: &Config) -> Option<String> {
    let name = login_name(config.is_https());
    let first = get(headers, name)?;
    let differs = |pair: &str| {
        pair.trim()
            .split_once('=')
            .is_some_and(|(n, v)| n == name && v != first)
    };
    let is_alone = !headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(differs);
    is_alone.then_some(first)
}

/// The token against forged forms that a visitor's browser sent.
pub(crate) fn csrf(headers: &HeaderMap, config: &Config) -> Option<String> {
    let token = get(headers, csrf_name(config.is_https()))?;
    // Ours are 64 hexadecimal digits; nothing else is echoed into a page.
    (token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit())).then_some(token)
}

fn cookie(name: &'static str, value: String, config: &Config) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.is_https())
        .build()
}

fn lasting(cookie: &Cookie<'static>, seconds: u64) -> HeaderValue {
    // The crate that these cookies measure time with is none of ours: the attribute is text.
    header_value(&format!("{cookie}; Max-Age={seconds}"))
}

fn header_value(text: &str) -> HeaderValue {
    // Names are constants, values hexadecimal digits or language codes.
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Signs the browser in.
pub(crate) fn set_login(token: &str, config: &Config) -> HeaderValue {
    let cookie = cookie(login_name(config.is_https()), token.to_owned(), config);
    lasting(&cookie, config.login_lifetime.duration().as_secs())
}

/// Signs the browser out.
pub(crate) fn clear_login(config: &Config) -> HeaderValue {
    lasting(
        &cookie(login_name(config.is_https()), String::new(), config),
        0,
    )
}

/// Gives a visitor a token against forged forms, until the browser is closed.
pub(crate) fn set_csrf(token: &str, config: &Config) -> HeaderValue {
    header_value(&cookie(csrf_name(config.is_https()), token.to_owned(), config).to_string())
}

/// Remembers the language for a year.
pub(crate) fn set_language(locale: Locale, config: &Config) -> HeaderValue {
    lasting(
        &cookie(LANGUAGE, locale.code().to_owned(), config),
        365 * 24 * 60 * 60,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_the_login_cookie_is_bound_to_this_host() {
        let plain = Config::default();
        let tls = Config {
            public_url: "https://lab.example".into(),
            ..Config::default()
        };
        let text = |v: HeaderValue| v.to_str().unwrap().to_owned();
        let cookie = text(set_login("abc", &tls));
        assert!(cookie.starts_with("__Host-slipway_login=abc; "), "{cookie}");
        for attribute in [
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Path=/",
            "Max-Age=604800",
        ] {
            assert!(cookie.contains(attribute), "{attribute}: {cookie}");
        }
        assert!(!cookie.contains("Domain"));
        assert!(!text(set_login("abc", &plain)).contains("Secure"));
        assert!(text(clear_login(&plain)).ends_with("Max-Age=0"));
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            "a=b; slipway_login=x; __Host-slipway_login=y"
                .parse()
                .unwrap(),
        );
        assert_eq!(login(&headers, &plain).as_deref(), Some("x"));
        assert_eq!(login(&headers, &tls).as_deref(), Some("y"));
    }

    #[test]
    fn of_two_login_cookies_that_differ_neither_counts() {
        let login_of = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookies.parse().unwrap());
            login(&headers, &Config::default())
        };
        assert_eq!(
            login_of("slipway_login=a; slipway_login=a").as_deref(),
            Some("a")
        );
        assert_eq!(login_of("slipway_login=a; slipway_login=b"), None);
        assert_eq!(login_of("slipway_login=a; slipway_login="), None);
        assert_eq!(login_of("slipway_login=a; other=b").as_deref(), Some("a"));
    }

    #[test]
    fn a_planted_token_that_is_none_of_ours_is_no_token() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "slipway_csrf=\"><script>".parse().unwrap());
        assert_eq!(csrf(&headers, &Config::default()), None);
    }
}

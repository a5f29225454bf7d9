//! Going elsewhere, on this server only.

use axum::response::{IntoResponse, Redirect, Response};

use super::view::urls;

/// Longest path that is followed, in bytes.
const MAX_PATH: usize = 2048;

/// `wanted` if it is a path of this server, else the start page. Browsers read `//host`, `/\host`
/// and paths with tabs or line breaks in them as other hosts.
pub(crate) fn local_path(wanted: &str) -> &str {
    let is_local = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && wanted.len() <= MAX_PATH
        && !wanted.contains('\\')
        && wanted.bytes().all(|b| b.is_ascii_graphic());
    if is_local { wanted } else { urls::HOME }
}

/// Goes there with GET, if it is a path of this server.
pub(crate) fn to(path: &str) -> Response {
    Redirect::to(local_path(path)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_redirect_leaves_this_server() {
        for good in ["/", "/courses/go?x=1#y", "/attempts/1"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\/evil",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /x",
            "/x\r\nSet-Cookie: a=b",
            "evil",
            "/队",
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }
}

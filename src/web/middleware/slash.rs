//! `/courses/go/` is `/courses/go`.

use axum::http::Uri;

/// Where a path with a slash at its end really is; `None` when it has none.
pub(super) fn without(uri: &Uri) -> Option<String> {
    let path = uri.path();
    let trimmed = path.trim_end_matches('/');
    // `//host/` must not become a redirect to another host.
    if trimmed.len() == path.len() || trimmed.is_empty() || path.contains("//") {
        return None;
    }
    Some(match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_goes_away_and_nobody_leaves() {
        let to = |s: &'static str| without(&Uri::from_static(s));
        assert_eq!(to("/courses/go/?a=1").as_deref(), Some("/courses/go?a=1"));
        assert_eq!(to("/courses/go"), None);
        assert_eq!(to("/"), None);
        assert_eq!(to("//evil.example/"), None);
    }
}

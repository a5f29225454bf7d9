//! GET `/api/attempts/{attempt}/machines/{machine}/file?path=`

use axum::{Json, extract::State};
use serde::Serialize;

use super::{At, Target};
use crate::{
    services::App,
    web::{
        error::WebError,
        extract::{PathParts, QueryParts, SeenAttempt},
    },
};

#[derive(Debug, Serialize)]
pub(in crate::web) struct File {
    path: String,
    text: Option<String>,
    binary: bool,
    truncated: bool,
    version: String,
}

pub(in crate::web) async fn read(
    State(app): State<App>,
    seen: SeenAttempt,
    PathParts(At { machine }): PathParts<At>,
    QueryParts(Target { path }): QueryParts<Target>,
) -> Result<Json<File>, WebError> {
    let content = app.read_file(&seen.attempt, &machine, &path).await?;
    let text = text(&content.bytes, content.truncated);
    Ok(Json(File {
        path,
        binary: text.is_none(),
        text,
        truncated: content.truncated,
        version: content.version.as_str().to_owned(),
    }))
}

/// The bytes as text, unless they are none. A file that was cut off may end amid a character.
fn text(bytes: &[u8], truncated: bool) -> Option<String> {
    if bytes.contains(&0) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if truncated && error.error_len().is_none() => {
            let whole = bytes.get(..error.valid_up_to())?;
            std::str::from_utf8(whole).ok().map(str::to_owned)
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf_8_without_nul_and_may_be_cut_amid_a_character() {
        let whole = "队列".as_bytes();
        assert_eq!(text(whole, false).as_deref(), Some("队列"));
        assert_eq!(text(&whole[..4], true).as_deref(), Some("队"));
        assert_eq!(text(&whole[..4], false), None);
        assert_eq!(text(b"\xff\xfe", true), None);
        assert_eq!(text(b"a\0b", false), None);
    }
}

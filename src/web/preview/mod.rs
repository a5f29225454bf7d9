//! Previews: what a learner's machines serve, on origins of their own.
//!
//! The host name decides before anything else: what is asked of a preview's host never meets the
//! pages, the API or the cookies of the server, and what is asked of the server never meets a
//! sandbox. A preview's origin belongs to whoever works in the sandbox; the server lends it a
//! cookie to know who may look, and keeps that cookie to itself.
//!
//! - `address`: which host names are previews, and the addresses of previews
//! - `admit`: which requests a page may send to a preview
//! - `cookies`: the cookie of a preview
//! - `open`: a link's token becomes a cookie
//! - `headers`: what of a head goes on, either way
//! - `pass`: a request goes to the machine, its answer comes back
//! - `socket`: WebSockets
//! - `page`: what we say ourselves

mod address;
mod admit;
mod cookies;
mod headers;
mod open;
mod page;
mod pass;
mod socket;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

pub(super) use address::PreviewBase;

use self::{address::Host, admit::Admission, page::Trouble};
use super::state::Web;
use crate::services::previews::Door;

/// Below this path a preview's origin is ours; no machine is asked for it.
const RESERVED: &str = "/__slipway/";
/// Where a link leads: see [`crate::web::view::urls::preview_open`].
const OPEN: &str = "/__slipway/open";

/// The outermost layer: what is asked of a preview's host goes its own way.
pub(super) async fn dispatch(State(web): State<Web>, request: Request, next: Next) -> Response {
    match address::asked(&request, &web.app.config) {
        Host::Ours => next.run(request).await,
        Host::Unclear => StatusCode::BAD_REQUEST.into_response(),
        Host::Preview { place, origin } => {
            let words = page::Words::of_browser(request.headers(), &web.app.config);
            let Some(place) = place else {
                return words.say(&Trouble::NoSuchPreview);
            };
            tracing::debug!(preview = %place, http.method = %request.method(), "asked of a preview");
            let asked = Asked { place, origin };
            answer(web, asked, words, request)
                .await
                .unwrap_or_else(|(words, trouble)| words.say(&trouble))
        }
    }
}

/// What is asked of a preview.
#[derive(Debug)]
struct Asked {
    place: crate::domain::preview::PreviewPlace,
    /// The preview's own origin, as the browser names it.
    origin: String,
}

async fn answer(
    web: Web,
    asked: Asked,
    words: page::Words,
    request: Request,
) -> Result<Response, (page::Words, Trouble)> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let admission = admit::admit(&parts, &asked.origin);
    if path == OPEN {
        return Ok(open::open(&web, &asked, &parts, words).await);
    }
    if admission == Admission::Refused || path.starts_with(RESERVED) || !path.starts_with('/') {
        return Err((words, Trouble::Refused));
    }
    let values = cookies::values(&parts.headers, &web.app.config);
    let door = match web.app.preview(&asked.place, &values).await {
        Ok(door) => door,
        Err(error) => {
            tracing::warn!(%error, "a preview can't be looked up");
            return Err((words, Trouble::Internal));
        }
    };
    let access = match door {
        Door::Unknown => return Err((words, Trouble::NotOpened)),
        Door::Closed(preview) => {
            let trouble = Trouble::of_state(preview.state);
            return Err((page::Words::of_preview(&preview), trouble));
        }
        Door::Open(access) => access,
    };
    let words = page::Words::of_preview(&access.preview);
    if admission == Admission::FromPage && !admit::comes_from(&parts.headers, &access.preview.page)
    {
        return Err((words, Trouble::Refused));
    }
    pass::pass(web, &asked, access, parts, body)
        .await
        .map_err(|trouble| (words, trouble))
}

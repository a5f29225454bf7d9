//! What we say ourselves on a preview's origin: a page that needs nothing from elsewhere.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use uuid::Uuid;

use crate::{
    config::Config,
    domain::{ids::Slug, sandbox::SandboxState, text::Locale},
    store::previews::Preview,
    web::{i18n::Translator, view::preview::PreviewPage},
};

/// Why there is nothing of the machine's to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The host names no preview.
    NoSuchPreview,
    /// It was not opened from the lab page, or that was too long ago.
    NotOpened,
    /// A page may not send this.
    Refused,
    /// The sandbox is gone.
    Ended,
    /// The sandbox is not there yet, or paused.
    NotReady,
    /// Nothing listens on the port.
    NothingListens {
        /// The machine.
        machine: Slug,
        /// The port.
        port: u16,
    },
    /// The machine does not answer.
    Unreachable,
    /// What listens does not speak HTTP, or broke off.
    NoAnswer,
    /// The answer did not begin in time.
    Slow,
    /// Too many requests at once.
    TooMany,
    /// The request is too large.
    TooLarge,
    /// Our own fault.
    Internal,
}

impl Trouble {
    /// What a sandbox in this state means for its previews.
    pub(super) const fn of_state(state: SandboxState) -> Self {
        match state {
            SandboxState::Ended => Self::Ended,
            _ => Self::NotReady,
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPreview => StatusCode::NOT_FOUND,
            Self::NotOpened => StatusCode::UNAUTHORIZED,
            Self::Refused => StatusCode::FORBIDDEN,
            Self::Ended => StatusCode::GONE,
            Self::NothingListens { .. } | Self::NoAnswer => StatusCode::BAD_GATEWAY,
            Self::NotReady | Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => StatusCode::GATEWAY_TIMEOUT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether it may pass by itself: then the page looks again.
    const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::NothingListens { .. } | Self::NotReady | Self::Unreachable
        )
    }

    /// Heading and text.
    fn words(&self, t: Translator) -> (String, String) {
        match self {
            Self::NoSuchPreview => (t.get("preview-unknown"), t.get("preview-unknown-next")),
            Self::NotOpened => (t.get("preview-closed"), t.get("preview-closed-next")),
            Self::Refused => (t.get("preview-refused"), t.get("preview-refused-why")),
            Self::Ended => (t.get("preview-ended"), t.get("preview-ended-next")),
            Self::NotReady => (t.get("preview-not-ready"), t.get("preview-not-ready-next")),
            Self::NothingListens { machine, port } => {
                let args = [
                    ("machine", machine.as_str().into()),
                    // As text: a port has no thousands.
                    ("port", port.to_string().into()),
                ];
                (
                    t.with("preview-silent", &args),
                    t.with("preview-silent-next", &args),
                )
            }
            Self::Unreachable => (t.get("preview-away"), t.get("preview-away-next")),
            Self::NoAnswer => (t.get("preview-no-answer"), t.get("preview-no-answer-next")),
            Self::Slow => (t.get("preview-slow"), t.get("preview-slow-next")),
            Self::TooMany => (t.get("preview-too-many"), t.get("preview-too-many-next")),
            Self::TooLarge => (t.get("preview-too-large"), t.get("preview-too-large-next")),
            Self::Internal => (t.get("preview-internal"), t.get("preview-internal-next")),
        }
    }
}

/// In which language we speak, and who may show our page in a frame.
#[derive(Debug, Clone)]
pub(super) struct Words {
    locale: Locale,
    pages: String,
}

impl Words {
    /// As the browser asks; for the server's own pages.
    pub(super) fn of_browser(headers: &HeaderMap, config: &Config) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE);
        let wanted = wanted.and_then(|w| Locale::negotiate(w.to_str().ok()?));
        let mut pages = config.public_url.trim_end_matches('/').to_owned();
        if config.preview_host().0 == "localhost" {
            // Whoever looks is on this machine, under whatever name and port.
            pages.push_str(" http://localhost:* http://127.0.0.1:* http://[::1]:*");
        }
        Self {
            locale: wanted.unwrap_or_default(),
            pages,
        }
    }

    /// As whoever opened the preview does; for the page it was opened from.
    pub(super) fn of_preview(preview: &Preview) -> Self {
        Self {
            locale: preview.locale,
            pages: preview.page.clone(),
        }
    }

    /// The page.
    pub(super) fn say(&self, trouble: &Trouble) -> Response {
        let nonce = Uuid::new_v4().simple().to_string();
        let t = Translator::new(self.locale);
        let (what, next) = trouble.words(t);
        let page = PreviewPage {
            t,
            nonce: nonce.clone(),
            what,
            next,
            looks_again: trouble.may_pass(),
        };
        let status = trouble.status();
        let Ok(markup) = page.render() else {
            return status.into_response();
        };
        let mut response = (status, Html(markup)).into_response();
        let headers = response.headers_mut();
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'self' {}",
            self.pages
        );
        let policy = HeaderValue::from_str(&policy)
            .unwrap_or(HeaderValue::from_static("default-src 'none'"));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        for (name, value) in [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

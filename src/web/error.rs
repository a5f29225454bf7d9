//! What a handler may answer other than success, and what that is in HTTP.
//!
//! A handler returns a [`WebError`]; the outermost middleware, which knows the viewer's language
//! and the request's id, turns it into a page or JSON and logs the cause.

use std::sync::Arc;

use axum::{
    extract::rejection::{BytesRejection, FormRejection, JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use fluent_templates::fluent_bundle::FluentValue;

use super::i18n::Translator;
use crate::{
    auth::password,
    domain::text::Locale,
    services::{Refusal, ServiceError},
};

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// There is no such page, or it is none of the asker's business.
    #[error("not found")]
    NotFound,
    /// The page exists, but not for this method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// Nobody is signed in.
    #[error("not signed in")]
    SignInRequired,
    /// Whoever is signed in may not.
    #[error("forbidden")]
    Forbidden,
    /// The token against forged requests is missing or wrong.
    #[error("missing or wrong CSRF token")]
    ForgeryToken,
    /// The request comes from a page of somebody else.
    #[error("foreign origin")]
    ForeignOrigin,
    /// The request can't be understood; says why, for the log.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// The body is larger than allowed.
    #[error("body too large")]
    TooLarge,
    /// The body is of another type than expected.
    #[error("unsupported type of body")]
    UnsupportedType,
    /// The login session has as many streams open as it may.
    #[error("too many open streams")]
    TooManyStreams,
    /// Previews are on the server's own machine, the browser is elsewhere.
    #[error("previews can't be reached from where the page was loaded")]
    PreviewsElsewhere,
    /// The answer took too long.
    #[error("timed out")]
    Timeout,
    /// A use case said no.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A page could not be rendered.
    #[error("rendering failed: {0}")]
    Template(#[from] askama::Error),
    /// A handler panicked.
    #[error("a handler panicked: {0}")]
    Panicked(String),
}

impl From<Refusal> for WebError {
    fn from(refusal: Refusal) -> Self {
        Self::Service(refusal.into())
    }
}

impl From<BytesRejection> for WebError {
    fn from(rejection: BytesRejection) -> Self {
        Self::of_status(rejection.status(), rejection.body_text())
    }
}

impl From<FormRejection> for WebError {
    fn from(rejection: FormRejection) -> Self {
        Self::of_status(rejection.status(), rejection.body_text())
    }
}

impl From<JsonRejection> for WebError {
    fn from(rejection: JsonRejection) -> Self {
        Self::of_status(rejection.status(), rejection.body_text())
    }
}

impl WebError {
    /// From a status that a library chose.
    pub(crate) fn of_status(status: StatusCode, detail: String) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedType,
            status if status.is_client_error() => Self::Malformed(detail),
            status => Self::Service(ServiceError::Internal(format!("{status}: {detail}"))),
        }
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::Service(ServiceError::NotFound) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SignInRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ForgeryToken | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyStreams => StatusCode::TOO_MANY_REQUESTS,
            Self::PreviewsElsewhere => StatusCode::MISDIRECTED_REQUEST,
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            Self::Service(ServiceError::Refused(refusal)) => refusal_status(*refusal),
            Self::Service(_) | Self::Template(_) | Self::Panicked(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// The name in the API; with its prefix the key of its texts.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotFound | Self::Service(ServiceError::NotFound) => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::SignInRequired => "sign-in-required",
            Self::Forbidden => "forbidden",
            Self::ForgeryToken => "forgery-token",
            Self::ForeignOrigin => "foreign-origin",
            Self::Malformed(_) => "malformed",
            Self::TooLarge => "too-large",
            Self::UnsupportedType => "unsupported-type",
            Self::TooManyStreams => "too-many-streams",
            Self::PreviewsElsewhere => "previews-elsewhere",
            Self::Timeout => "timeout",
            Self::Service(ServiceError::Refused(refusal)) => refusal.code(),
            Self::Service(_) | Self::Template(_) | Self::Panicked(_) => "internal",
        }
    }

    /// What to tell whoever asked.
    pub(crate) fn explanation(&self, t: Translator) -> Explanation {
        let prefix = match self {
            Self::Service(ServiceError::Refused(_)) => "refusal",
            _ => "error",
        };
        Explanation::of(t, &format!("{prefix}-{}", self.code()))
    }
}

/// A failure in the viewer's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explanation {
    /// What happened: a heading, without a full stop.
    pub(crate) what: String,
    /// Why, in whole sentences.
    pub(crate) why: String,
    /// What to do next, in whole sentences.
    pub(crate) remedy: String,
}

impl Explanation {
    /// The texts of a refusal.
    pub(crate) fn of_refusal(t: Translator, refusal: Refusal) -> Self {
        Self::of(t, &format!("refusal-{}", refusal.code()))
    }

    fn of(t: Translator, key: &str) -> Self {
        let number = |n: usize| FluentValue::from(u64::try_from(n).unwrap_or(u64::MAX));
        let args = [
            ("min", number(password::MIN_LENGTH)),
            ("max", number(password::MAX_LENGTH)),
            ("mib", number(crate::services::workspace::MAX_EDITED >> 20)),
            (
                "terminals",
                number(usize::from(crate::services::workspace::MAX_TERMINALS)),
            ),
        ];
        Self {
            what: t.with(key, &args),
            why: t.with(&format!("{key}-why"), &args),
            remedy: t.with(&format!("{key}-remedy"), &args),
        }
    }

    /// What happened and what to do, for a line beside a form's field.
    pub(crate) fn line(&self, t: Translator) -> String {
        match t.locale() {
            Locale::Zh => format!("{}。{}", self.what, self.remedy),
            Locale::En => format!("{}. {}", self.what, self.remedy),
        }
    }
}

const fn refusal_status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::InvalidUsername
        | Refusal::UsernameTaken
        | Refusal::PasswordTooShort
        | Refusal::PasswordTooLong
        | Refusal::WrongCredentials
        | Refusal::LinkUsed
        | Refusal::UnknownRole
        | Refusal::InvalidKey
        | Refusal::InvalidPath
        | Refusal::FileRefused => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::TooManyTries | Refusal::TooManyTerminals => StatusCode::TOO_MANY_REQUESTS,
        Refusal::LabWithdrawn
        | Refusal::NoSuchMachine
        | Refusal::NoSuchPort
        | Refusal::FileNotFound => StatusCode::NOT_FOUND,
        Refusal::LastAdmin
        | Refusal::TooManySandboxes
        | Refusal::SandboxNotReady
        | Refusal::SandboxEnded
        | Refusal::NoExtensionLeft
        | Refusal::NoHintLeft
        | Refusal::GradingUnderWay
        | Refusal::FileConflict => StatusCode::CONFLICT,
        Refusal::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::EngineDown | Refusal::MachineUnreachable => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::MachineDiskFull | Refusal::ServerDiskFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// The error of a response that has yet to be put into words.
#[derive(Debug, Clone)]
pub(crate) struct Unexplained(pub(crate) Arc<WebError>);

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response
            .extensions_mut()
            .insert(Unexplained(Arc::new(self)));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all() -> Vec<WebError> {
        let mut all = vec![
            WebError::NotFound,
            WebError::MethodNotAllowed,
            WebError::SignInRequired,
            WebError::Forbidden,
            WebError::ForgeryToken,
            WebError::ForeignOrigin,
            WebError::Malformed("secret detail".into()),
            WebError::TooLarge,
            WebError::UnsupportedType,
            WebError::TooManyStreams,
            WebError::PreviewsElsewhere,
            WebError::Timeout,
            WebError::Service(ServiceError::Internal("secret detail".into())),
        ];
        all.extend(Refusal::ALL.into_iter().map(WebError::from));
        all
    }

    #[test]
    fn every_failure_says_what_why_and_what_now_in_both_languages() {
        let mut seen = HashSet::new();
        for error in all() {
            for locale in Locale::ALL {
                let Explanation { what, why, remedy } = error.explanation(Translator::new(locale));
                for text in [&what, &why, &remedy] {
                    assert!(
                        !text.contains("refusal-") && !text.contains("error-"),
                        "{text}"
                    );
                    assert!(!text.contains("secret detail"), "{text}");
                    assert!(!text.contains(['{', '$']), "{text}");
                    let is_chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                    assert_eq!(is_chinese, locale == Locale::Zh, "{text}");
                }
                assert!(!what.ends_with(['.', '。']), "{what}");
                assert!(why.ends_with(['.', '。', '？', '?']), "{why}");
                assert!(remedy.ends_with(['.', '。']), "{remedy}");
                assert!(
                    seen.insert((locale.code(), what.clone())),
                    "said twice: {what}"
                );
            }
        }
    }

    #[test]
    fn codes_are_unique_and_every_status_is_an_error() {
        let mut codes = HashSet::new();
        for error in all() {
            assert!(codes.insert(error.code()), "{}", error.code());
            assert!(error.status().as_u16() >= 400);
        }
    }
}

//! The attempt that a path names, and what the asker may do with it.

use std::ops::Deref;

use axum::{
    extract::{FromRef, FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::SignedIn;
use crate::{
    domain::{ids::AttemptId, user::Role},
    services::App,
    store::attempts::Attempt,
    web::error::WebError,
};

/// The asker's own attempt: they may act on it.
#[derive(Debug)]
pub(crate) struct OwnAttempt {
    /// The attempt.
    pub(crate) attempt: Attempt,
    /// Whose it is.
    pub(crate) learner: SignedIn,
}

/// An attempt that the asker may look at: their own, or anybody's for instructors.
#[derive(Debug)]
pub(crate) struct SeenAttempt {
    /// The attempt.
    pub(crate) attempt: Attempt,
    /// Who looks.
    pub(crate) viewer: SignedIn,
}

async fn load<S>(parts: &mut Parts, state: &S) -> Result<(Attempt, SignedIn), WebError>
where
    S: Send + Sync,
    App: FromRef<S>,
{
    let asker = SignedIn::from_request_parts(parts, state).await?;
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params.map_err(|_| WebError::NotFound)?;
    let named = params.iter().find(|(name, _)| *name == "attempt");
    let id: AttemptId = named
        .and_then(|(_, id)| id.parse().ok())
        .ok_or(WebError::NotFound)?;
    let app = App::from_ref(state);
    let attempt = app
        .store
        .attempt(id)
        .await
        .map_err(crate::services::ServiceError::from)?;
    Ok((attempt.ok_or(WebError::NotFound)?, asker))
}

impl<S> FromRequestParts<S> for OwnAttempt
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let (attempt, learner) = load(parts, state).await?;
        // Somebody else's is as good as none: whether it exists is none of the asker's business.
        if attempt.user_id == learner.user() {
            Ok(Self { attempt, learner })
        } else {
            Err(WebError::NotFound)
        }
    }
}

impl<S> FromRequestParts<S> for SeenAttempt
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let (attempt, viewer) = load(parts, state).await?;
        if attempt.user_id == viewer.user() || viewer.role() >= Role::Instructor {
            Ok(Self { attempt, viewer })
        } else {
            Err(WebError::NotFound)
        }
    }
}

impl Deref for OwnAttempt {
    type Target = Attempt;
    fn deref(&self) -> &Attempt {
        &self.attempt
    }
}

impl Deref for SeenAttempt {
    type Target = Attempt;
    fn deref(&self) -> &Attempt {
        &self.attempt
    }
}

//! Whether somebody who has a stream open may still have it.

use std::time::Duration;

use crate::{domain::user::Role, services::App, store::attempts::Attempt};

/// How often open streams ask: signing out and losing a role take effect within this time.
pub(crate) const CHECK_EVERY: Duration = Duration::from_secs(4);

/// What an open stream needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// Their own attempt.
    Act,
    /// Their own attempt, or an instructor's role.
    Look,
}

/// Whether the login session is still good for the attempt. A store that can't tell for the moment
/// changes nothing.
pub(crate) async fn holds(app: &App, cookie: &str, attempt: &Attempt, right: Right) -> bool {
    match app.login_session(cookie).await {
        Ok(Some(session)) => {
            session.user_id == attempt.user_id
                || (right == Right::Look && session.role >= Role::Instructor)
        }
        Ok(None) => false,
        Err(error) => {
            tracing::warn!(%error, "login sessions can't be looked up");
            true
        }
    }
}

//! Who asks.

use std::{ops::Deref, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    auth::token,
    domain::{ids::UserId, text::Locale, user::Role},
    services::ServiceError,
    store::login_sessions::LoginSession,
    web::{
        error::WebError,
        i18n::Translator,
        request::RequestInfo,
        view::{Layout, Viewer},
    },
};

/// A login session and the cookie that opened it.
pub(crate) struct Login {
    session: LoginSession,
    cookie: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The cookie is a secret.
        f.debug_struct("Login")
            .field("user", &self.session.user_id)
            .finish_non_exhaustive()
    }
}

impl Login {
    /// The session of a cookie.
    pub(crate) const fn new(session: LoginSession, cookie: String) -> Self {
        Self { session, cookie }
    }

    /// The cookie's value.
    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Who.
    pub(crate) const fn user_id(&self) -> UserId {
        self.session.user_id
    }

    /// What they may do now.
    pub(crate) const fn role(&self) -> Role {
        self.session.role
    }

    /// Their name.
    pub(crate) fn username(&self) -> &str {
        self.session.username.as_str()
    }
}

/// Anybody, signed in or not.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    info: Arc<RequestInfo>,
    login: Option<Arc<Login>>,
    csrf: String,
    /// The token was made for this request: the browser must be told.
    csrf_is_new: bool,
}

impl Visitor {
    /// Whoever sent the request, with the token against forged forms that they had as a visitor.
    pub(crate) fn new(
        info: Arc<RequestInfo>,
        login: Option<Login>,
        visitor_csrf: Option<String>,
    ) -> Self {
        let (csrf, csrf_is_new) = match (&login, visitor_csrf) {
            (Some(login), _) => (login.session.csrf_token.clone(), false),
            (None, Some(token)) => (token, false),
            // Without randomness there is no token, and no form is accepted.
            (None, None) => (token::generate().unwrap_or_default(), true),
        };
        Self {
            info,
            login: login.map(Arc::new),
            csrf,
            csrf_is_new,
        }
    }

    /// What is known of the request.
    pub(crate) fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// Texts in their language.
    pub(crate) fn t(&self) -> Translator {
        Translator::new(self.info.locale)
    }

    /// Their language.
    pub(crate) fn locale(&self) -> Locale {
        self.info.locale
    }

    /// Their login session, if they are signed in.
    pub(crate) fn login(&self) -> Option<&Arc<Login>> {
        self.login.as_ref()
    }

    /// Who they are, if they are signed in.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        self.login.as_ref().map(|l| l.user_id())
    }

    /// The token that forms and scripts send back.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form came from a page that was made for this visitor.
    pub(crate) fn accepts_csrf(&self, sent: &str) -> bool {
        !self.csrf_is_new && token::same(sent, &self.csrf)
    }

    /// The token to put into a cookie, if it is new.
    pub(crate) fn take_new_csrf_cookie(&mut self) -> Option<String> {
        (std::mem::take(&mut self.csrf_is_new) && !self.csrf.is_empty()).then(|| self.csrf.clone())
    }

    /// The frame of a page.
    pub(crate) fn layout(&self, title: impl Into<String>) -> Layout {
        Layout {
            t: self.t(),
            csrf: self.csrf.clone(),
            viewer: self.login.as_ref().map(|l| Viewer {
                name: l.username().to_owned(),
                role: l.role(),
            }),
            path: if self.info.is_unsafe {
                "/".to_owned()
            } else {
                self.info.path.clone()
            },
            title: title.into(),
            style_nonce: String::new(),
            notice: None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        let none = || ServiceError::Internal("no visitor: a route outside the layer".to_owned());
        Ok(parts.extensions.get::<Self>().cloned().ok_or_else(none)?)
    }
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    visitor: Visitor,
    login: Arc<Login>,
}

impl SignedIn {
    /// Their login session.
    pub(crate) fn session(&self) -> &Arc<Login> {
        &self.login
    }

    /// Who.
    pub(crate) fn user(&self) -> UserId {
        self.login.user_id()
    }

    /// What they may do.
    pub(crate) fn role(&self) -> Role {
        self.login.role()
    }
}

impl Deref for SignedIn {
    type Target = Visitor;
    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let login = visitor.login().cloned().ok_or(WebError::SignInRequired)?;
        Ok(Self { visitor, login })
    }
}

macro_rules! role {
    ($(#[$doc:meta])* $name:ident, $least:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(SignedIn);

        impl Deref for $name {
            type Target = SignedIn;
            fn deref(&self) -> &SignedIn {
                &self.0
            }
        }

        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = WebError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
                let signed_in = SignedIn::from_request_parts(parts, state).await?;
                if signed_in.role() >= $least {
                    Ok(Self(signed_in))
                } else {
                    Err(WebError::Forbidden)
                }
            }
        }
    };
}

role!(
    /// An instructor or an administrator.
    Instructor,
    Role::Instructor
);
role!(
    /// An administrator.
    Admin,
    Role::Admin
);

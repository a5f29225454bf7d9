//! Pages: one folder a noun, one file a verb.

pub(super) mod admin;
pub(super) mod assets;
pub(super) mod attempt;
pub(super) mod course;
pub(super) mod home;
pub(super) mod lab;
pub(super) mod language;
pub(super) mod lesson;
pub(super) mod me;
mod outline;
pub(super) mod register;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod sign_out;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    error::{Explanation, WebError},
    i18n::Translator,
    redirect,
    view::parts::FieldError,
};
use crate::services::{Refusal, accounts::SignedIn};

/// A page and its status.
#[derive(Debug)]
pub(super) struct Page<T>(pub(super) StatusCode, pub(super) T);

/// Marks an error response that has its words already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worded;

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.1.render() {
            Ok(markup) => {
                let mut response = (self.0, Html(markup)).into_response();
                response.extensions_mut().insert(Worded);
                response
            }
            Err(error) => WebError::from(error).into_response(),
        }
    }
}

/// A page as asked for.
fn page<T: Template>(template: T) -> Response {
    Page(StatusCode::OK, template).into_response()
}

/// A form again, with what is wrong with it.
fn form_again<T: Template>(refusal: Refusal, template: T) -> Response {
    Page(WebError::from(refusal).status(), template).into_response()
}

/// Signs the browser in and goes on.
fn signed_in(login: &SignedIn, next: &str, config: &crate::config::Config) -> Response {
    let mut response = redirect::to(next);
    let cookie = super::middleware::cookies::set_login(&login.token, config);
    add_cookie(&mut response, cookie);
    response
}

fn add_cookie(response: &mut Response, cookie: HeaderValue) {
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

/// What a form's refusal says, beside the field it is about; `None` when it is about none.
fn field_error(t: Translator, refusal: Refusal) -> Option<FieldError> {
    let field = match refusal {
        Refusal::InvalidUsername | Refusal::UsernameTaken => "username",
        Refusal::PasswordTooShort | Refusal::PasswordTooLong => "password",
        _ => return None,
    };
    Some(FieldError {
        field,
        message: Explanation::of_refusal(t, refusal).line(t),
    })
}

/// The error of two passwords that differ.
fn repeat_error(t: Translator) -> FieldError {
    FieldError {
        field: "repeat",
        message: t.get("form-repeat-differs"),
    }
}

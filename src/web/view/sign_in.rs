//! Signing in and making an account.

use askama::Template;

use super::{
    Layout,
    parts::{self, FieldError},
    urls,
};

/// `/sign-in`
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub layout: Layout,
    /// Where to go afterwards: a path of this server.
    pub next: Option<String>,
    /// The name as it was typed.
    pub username: String,
    /// Why it did not work.
    pub error: Option<String>,
}

/// `/register`
#[derive(Debug, Clone, Template)]
#[template(path = "register.html")]
pub struct RegisterPage {
    /// The frame.
    pub layout: Layout,
    /// Where to go afterwards: a path of this server.
    pub next: Option<String>,
    /// The name as it was typed.
    pub username: String,
    /// What is wrong with `username`, `password` or `repeat`.
    pub errors: Vec<FieldError>,
}

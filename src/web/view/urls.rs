//! Addresses of pages and forms. Templates and handlers build every link here.

use crate::domain::ids::{AttemptId, SandboxId, Slug, UserId};

/// The list of courses.
pub const HOME: &str = "/";
/// Signing in.
pub const SIGN_IN: &str = "/sign-in";
/// Making an account.
pub const REGISTER: &str = "/register";
/// Making the first administrator.
pub const SETUP: &str = "/setup";
/// Signing out (POST).
pub const SIGN_OUT: &str = "/sign-out";
/// Choosing a language (POST).
pub const LANGUAGE: &str = "/language";
/// The viewer's own progress and account.
pub const ME: &str = "/me";
/// Changing one's password (POST).
pub const PASSWORD: &str = "/me/password";
/// Administration.
pub const ADMIN: &str = "/admin";

/// A course.
pub fn course(course: &Slug) -> String {
    format!("/courses/{course}")
}

/// A lesson.
pub fn lesson(course: &Slug, lesson: &Slug) -> String {
    format!("/courses/{course}/lessons/{lesson}")
}

/// Marking a lesson as read or unread (POST, `done` = 1 or 0).
pub fn lesson_mark(course: &Slug, lesson: &Slug) -> String {
    format!("/courses/{course}/lessons/{lesson}/mark")
}

/// A lab before its start.
pub fn lab(course: &Slug, lab: &Slug) -> String {
    format!("/courses/{course}/labs/{lab}")
}

/// Starting a lab (POST).
pub fn lab_start(course: &Slug, lab: &Slug) -> String {
    format!("/courses/{course}/labs/{lab}/start")
}

/// The lab page of an attempt.
pub fn attempt(attempt: &AttemptId) -> String {
    format!("/attempts/{attempt}")
}

/// Opening a preview of this origin with a link's token, and going on to `to` there.
pub fn preview_open(origin: &str, token: &str, to: &str) -> String {
    format!(
        "{origin}/__slipway/open?token={token}&to={}",
        query_value(to)
    )
}

/// Ending somebody's sandbox (POST).
pub fn admin_end_sandbox(sandbox: &SandboxId) -> String {
    format!("/admin/sandboxes/{sandbox}/end")
}

/// Changing somebody's role (POST, `role`).
pub fn admin_role(user: &UserId) -> String {
    format!("/admin/users/{user}/role")
}

/// Signing in, then going to `next`.
pub fn sign_in(next: &str) -> String {
    with_next(SIGN_IN, next)
}

/// Registering, then going to `next`.
pub fn register(next: &str) -> String {
    with_next(REGISTER, next)
}

fn with_next(page: &str, next: &str) -> String {
    let elsewhere = [SIGN_IN, REGISTER, SETUP, HOME];
    let path = next.split('?').next().unwrap_or_default();
    if path.is_empty() || elsewhere.contains(&path) {
        page.to_owned()
    } else {
        format!("{page}?next={}", query_value(next))
    }
}

/// Percent-encodes everything but unreserved characters and slashes (RFC 3986, 2.3).
fn query_value(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for byte in s.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_returns_to_where_one_was_but_not_to_the_sign_in_page() {
        assert_eq!(
            sign_in("/courses/go/labs/a?x=1&y=队"),
            "/sign-in?next=/courses/go/labs/a%3Fx%3D1%26y%3D%E9%98%9F"
        );
        assert_eq!(sign_in("/sign-in?next=/me"), "/sign-in");
        assert_eq!(register("/"), "/register");
    }
}

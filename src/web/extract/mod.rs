//! Who asks, what they may do, and what they sent. A handler gets at none of it otherwise, so that
//! authorisation can't be forgotten.

mod attempt;
mod form;
mod json;
mod path;
mod visitor;

pub(crate) use attempt::{OwnAttempt, SeenAttempt};
pub(crate) use form::CheckedForm;
pub(crate) use json::CheckedJson;
pub(crate) use path::{PathParts, QueryParts};
pub(crate) use visitor::{Admin, Instructor, Login, SignedIn, Visitor};

//! Submissions.

mod submit;
pub(in crate::web) use submit::submit;

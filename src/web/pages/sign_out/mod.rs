//! Signing out.

mod submit;
pub(in crate::web) use submit::{NoFields, submit};

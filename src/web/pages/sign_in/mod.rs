//! Signing in.

mod show;
mod submit;
pub(in crate::web) use show::{Next, local, show};
pub(in crate::web) use submit::submit;

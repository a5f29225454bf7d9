//! Making an account.

mod show;
mod submit;
pub(in crate::web) use show::show;
pub(in crate::web) use submit::submit;

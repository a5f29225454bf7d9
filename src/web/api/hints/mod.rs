//! Hints.

mod open;
pub(in crate::web) use open::open;

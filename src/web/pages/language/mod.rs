//! The viewer's language.

mod choose;
pub(in crate::web) use choose::choose;

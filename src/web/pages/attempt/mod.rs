//! The lab page.

mod show;
pub(in crate::web) use show::show;

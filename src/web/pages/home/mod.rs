//! The list of courses.

mod show;
pub(in crate::web) use show::show;

//! Courses.

mod show;
pub(in crate::web) use show::show;

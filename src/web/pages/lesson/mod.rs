//! Lessons.

mod contents;
mod mark;
mod show;
pub(in crate::web) use mark::mark;
pub(in crate::web) use show::show;

//! Labs before their start.

mod show;
mod start;
pub(in crate::web) use show::show;
pub(in crate::web) use start::start;

//! The viewer's own progress and account.

mod change_password;
mod show;
pub(in crate::web) use change_password::change_password;
pub(in crate::web) use show::show;

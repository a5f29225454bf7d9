//! Administration.

mod change_role;
mod end_sandbox;
mod labs;
mod needs;
mod show;
pub(in crate::web) use change_role::change_role;
pub(in crate::web) use end_sandbox::end_sandbox;
pub(in crate::web) use show::show;

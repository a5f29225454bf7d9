//! Files of the learner's home, by paths relative to it.

mod create_folder;
mod list;
mod read;
mod remove;
mod rename;
mod write;

pub(in crate::web) use create_folder::create_folder;
pub(in crate::web) use list::list;
pub(in crate::web) use read::read;
pub(in crate::web) use remove::remove;
pub(in crate::web) use rename::rename;
pub(in crate::web) use write::write;

use serde::Deserialize;

use crate::domain::ids::Slug;

/// The parameters of the path.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct At {
    /// The machine whose home it is.
    machine: Slug,
}

/// Which file or folder; the home itself when left out.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Target {
    #[serde(default)]
    path: String,
}

//! GET `/api/attempts/{attempt}/machines/{machine}/folder?path=`

use axum::{Json, extract::State};
use serde::Serialize;
use slipway_agent::protocol::{DirEntry, EntryKind};

use super::{At, Target};
use crate::{
    services::App,
    web::{
        error::WebError,
        extract::{PathParts, QueryParts, SeenAttempt},
    },
};

#[derive(Debug, Serialize)]
pub(in crate::web) struct Listing {
    path: String,
    entries: Vec<Entry>,
    /// There are more than are listed.
    truncated: bool,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    kind: &'static str,
    size: u64,
}

impl From<DirEntry> for Entry {
    fn from(entry: DirEntry) -> Self {
        let kind = match entry.kind {
            // Its name is not the one on disk: it can't be opened by it.
            _ if entry.lossy => "other",
            EntryKind::File => "file",
            EntryKind::Folder => "folder",
            EntryKind::Link => "link",
            EntryKind::Other => "other",
        };
        Self {
            name: entry.name,
            kind,
            size: entry.size,
        }
    }
}

pub(in crate::web) async fn list(
    State(app): State<App>,
    seen: SeenAttempt,
    PathParts(At { machine }): PathParts<At>,
    QueryParts(Target { path }): QueryParts<Target>,
) -> Result<Json<Listing>, WebError> {
    let listing = app.list_folder(&seen.attempt, &machine, &path).await?;
    let mut entries: Vec<Entry> = listing.entries.into_iter().map(Into::into).collect();
    entries.sort_by(|a, b| (a.kind != "folder", &a.name).cmp(&(b.kind != "folder", &b.name)));
    Ok(Json(Listing {
        path,
        entries,
        truncated: listing.truncated,
    }))
}

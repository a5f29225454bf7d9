//! A copy of the learner's code: read once, with the learner's rights, bounded, regular files only.

use std::collections::{BTreeMap, VecDeque};

use slipway_agent::{
    client::{AgentClient, AgentError},
    protocol::{EntryKind, ErrorCode, RelPath},
};

use crate::domain::{ids::Slug, text::Text};

use super::super::{
    look::{Finding, Stop},
    machines::Machines,
    messages,
    reach::{self, sort},
};

/// Most files, and most bytes of them all.
const MAX_FILES: usize = 200;
const MAX_BYTES: usize = 3 * 1024 * 1024;
/// Most bytes of one file.
const MAX_FILE: usize = 1024 * 1024;

/// The files of a module, by path in it.
pub(super) type Source = BTreeMap<String, Vec<u8>>;

/// Reads the files below a folder of the learner's home, but for tests and what begins with a dot.
pub(super) async fn read<M: Machines>(
    machines: &M,
    machine: &Slug,
    folder: &str,
) -> Result<Source, Stop> {
    let agent = reach::agent(machines, machine).await?;
    let mut source = Source::new();
    let mut bytes = 0;
    let mut waiting = VecDeque::from([String::new()]);
    while let Some(below) = waiting.pop_front() {
        let path = join(folder, &below);
        let listing = match list(&agent, &path, machine).await? {
            Some(listing) => listing,
            None if below.is_empty() => {
                return Err(failed(messages::code_missing(folder)));
            }
            // Gone meanwhile.
            None => continue,
        };
        if listing.truncated {
            return Err(failed(messages::code_too_much(folder, MAX_FILES)));
        }
        for entry in listing.entries {
            if entry.name.starts_with('.') || entry.lossy {
                continue;
            }
            let name = join(&below, &entry.name);
            match entry.kind {
                EntryKind::Folder => waiting.push_back(name),
                EntryKind::File if entry.name.ends_with("_test.go") => {}
                EntryKind::File => {
                    let content = content(&agent, &join(folder, &name), machine).await?;
                    bytes += content.len();
                    source.insert(name, content);
                }
                EntryKind::Link | EntryKind::Other => {
                    return Err(failed(messages::code_not_a_file(&name)));
                }
            }
            if source.len() + waiting.len() > MAX_FILES || bytes > MAX_BYTES {
                return Err(failed(messages::code_too_much(folder, MAX_FILES)));
            }
        }
    }
    Ok(source)
}

fn failed(text: Text) -> Stop {
    Stop::Found(Finding::unmet("folder", text))
}

fn join(folder: &str, name: &str) -> String {
    match (folder.trim_end_matches('/'), name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

async fn list(
    agent: &AgentClient,
    path: &str,
    machine: &Slug,
) -> Result<Option<slipway_agent::protocol::DirListing>, Stop> {
    let path = relative(path)?;
    match agent.list_dir(&path).await {
        Ok(listing) => Ok(Some(listing)),
        Err(AgentError::Remote {
            code: ErrorCode::NotFound | ErrorCode::Invalid | ErrorCode::Refused | ErrorCode::Denied,
            ..
        }) => Ok(None),
        Err(error) => Err(sort(error, machine).into()),
    }
}

async fn content(agent: &AgentClient, path: &str, machine: &Slug) -> Result<Vec<u8>, Stop> {
    let shown = path;
    let path = relative(path)?;
    match agent.read_file(&path, MAX_FILE).await {
        Ok(content) if content.truncated => Err(failed(messages::code_file_too_large(shown))),
        Ok(content) => Ok(content.bytes.to_vec()),
        Err(AgentError::Remote {
            code: ErrorCode::NotFound | ErrorCode::Invalid | ErrorCode::Refused | ErrorCode::Denied,
            ..
        }) => Err(failed(messages::code_not_a_file(shown))),
        Err(error) => Err(sort(error, machine).into()),
    }
}

fn relative(path: &str) -> Result<RelPath, Stop> {
    RelPath::new(path).map_err(|e| {
        Stop::Found(Finding::unmet(
            "folder",
            messages::code_not_a_file(&format!("{path} ({e})")),
        ))
    })
}

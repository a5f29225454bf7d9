//! Telling what changed below the home folder.
//!
//! inotify only says *that* something happened; what it was comes from comparing two bounded
//! scans. So one code path serves machines with inotify and those where its instances are used
//! up (then a timer triggers the scan), and a storm of events costs one scan per pause.

use super::failure::Failure;
use super::files::{self, kind, modified_ms};
use super::resolve::open_home;
use super::{Agent, sys};
use crate::body::{Body, ChannelBody};
use crate::protocol::{EntryKind, FRAME_CHANGES, FileChanges, MAX_CHANGES, encode_frame};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Either};
use hyper::body::Incoming;
use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::stat::{Mode, fstatat};
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Changes are gathered for this long.
const GATHER: Duration = Duration::from_millis(200);
/// Pause between scans where there is no inotify.
const POLL: Duration = Duration::from_secs(2);
const MAX_SCANNED: usize = 4000;
const MAX_FOLDERS: usize = 256;
const MAX_DEPTH: usize = 8;
/// Large and generated: not looked into. The folder itself is.
const NOT_ENTERED: [&str; 6] = [".git", ".cache", ".local", "node_modules", "target", ".npm"];

type Scan = HashMap<String, (EntryKind, u64, i64, i64)>;

/// Watches until the server's side ends the stream.
pub(super) fn watch(agent: &Arc<Agent>, incoming: Incoming) -> Body {
    let (sender, body) = ChannelBody::new(2);
    let follow = follow(agent.clone(), sender);
    agent.spawn(async move {
        tokio::select! {
            () = follow => {}
            () = ended(incoming) => {}
        }
    });
    Either::Right(body)
}

async fn ended(mut incoming: Incoming) {
    while let Some(Ok(_)) = incoming.frame().await {}
}

async fn follow(agent: Arc<Agent>, sender: mpsc::Sender<Bytes>) {
    let flags = InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK;
    let watches = Inotify::init(flags).ok().map(Arc::new);
    // A second descriptor for waiting; the first one is for adding and reading.
    let notify = watches.as_ref().and_then(|watches| {
        let fd = watches.as_fd().try_clone_to_owned().ok()?;
        sys::wait_for(fd).ok()
    });
    let Ok((mut before, _)) = scan(&agent, watches.clone()).await else {
        return;
    };
    loop {
        match notify.as_ref().zip(watches.as_ref()) {
            Some((notify, watches)) => {
                let Ok(mut ready) = notify.readable().await else {
                    return;
                };
                sleep(GATHER).await;
                // Which file an event names does not matter, the scan will tell.
                while watches.read_events().is_ok_and(|events| !events.is_empty()) {}
                ready.clear_ready();
            }
            None => sleep(POLL).await,
        }
        let Ok((now, complete)) = scan(&agent, watches.clone()).await else {
            return;
        };
        let changes = compare(&before, &now, complete);
        before = now;
        if changes.paths.is_empty() && !changes.more {
            continue;
        }
        let Ok(json) = serde_json::to_vec(&changes) else {
            return;
        };
        if sender
            .send(encode_frame(FRAME_CHANGES, &[&json]))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// What changed between two scans, cut so that it fits one frame.
fn compare(before: &Scan, now: &Scan, complete: bool) -> FileChanges {
    let changed = now
        .iter()
        .filter(|(path, what)| before.get(*path) != Some(what))
        .map(|(p, _)| p);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    let mut changes = FileChanges {
        paths: Vec::new(),
        more: false,
    };
    let mut room = crate::protocol::MAX_FRAME_PAYLOAD / 2;
    let mut all: Vec<_> = changed.chain(gone).collect();
    all.sort();
    for path in all {
        // Every byte may become two or more when escaped; six for control characters.
        let cost = serde_json::to_string(path).map_or(usize::MAX, |json| json.len() + 1);
        if changes.paths.len() == MAX_CHANGES || cost > room {
            changes.more = true;
            break;
        }
        room -= cost;
        changes.paths.push(path.clone());
    }
    // Only part of a large home is watched: every change may stand for others.
    changes.more |= !complete && !changes.paths.is_empty();
    changes
}

/// Looks at the home, and puts a watch on every folder met. False: not everything was seen.
async fn scan(agent: &Arc<Agent>, watches: Option<Arc<Inotify>>) -> Result<(Scan, bool), Failure> {
    let home = agent.config.learner.home.clone();
    files::as_learner(agent, move || {
        let mut found = Scanner {
            watches,
            scan: Scan::new(),
            folders: 0,
            complete: true,
        };
        let home = open_home(&home)?;
        found.folder(home.as_fd(), c".", "", 0);
        Ok((found.scan, found.complete))
    })
    .await
}

struct Scanner {
    watches: Option<Arc<Inotify>>,
    scan: Scan,
    folders: usize,
    complete: bool,
}

impl Scanner {
    fn folder(&mut self, at: BorrowedFd<'_>, name: &std::ffi::CStr, path: &str, depth: usize) {
        if self.folders == MAX_FOLDERS || depth > MAX_DEPTH {
            self.complete = false;
            return;
        }
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        // Gone or forbidden: nothing to watch.
        let Ok(fd) = openat(at, name, flags, Mode::empty()) else {
            return;
        };
        self.folders += 1;
        self.watch(&fd);
        let Ok(mut folder) = Dir::from_fd(fd) else {
            return;
        };
        let entries: Vec<_> = folder
            .iter()
            .flatten()
            .map(|e| e.file_name().to_owned())
            .take(MAX_SCANNED)
            .collect();
        for entry in entries {
            let Ok(text) = entry.to_str() else { continue };
            if matches!(text, "." | "..") || text.starts_with(".slipway-") {
                continue;
            }
            if self.scan.len() == MAX_SCANNED {
                self.complete = false;
                return;
            }
            let Ok(stat) = fstatat(&folder, entry.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else {
                continue;
            };
            let whole = if path.is_empty() {
                text.to_owned()
            } else {
                format!("{path}/{text}")
            };
            if whole.len() >= crate::protocol::MAX_PATH {
                continue;
            }
            let kind = kind(&stat);
            // A folder's own time changes with its entries, which are listed themselves.
            let (size, time) = match kind {
                EntryKind::Folder => (0, (0, 0)),
                _ => (
                    u64::try_from(stat.st_size).unwrap_or(0),
                    (modified_ms(&stat), stat.st_mtime_nsec),
                ),
            };
            self.scan
                .insert(whole.clone(), (kind, size, time.0, time.1));
            if kind == EntryKind::Folder && !NOT_ENTERED.contains(&text) {
                self.folder(folder.as_fd(), &entry, &whole, depth + 1);
            }
        }
    }

    fn watch(&self, folder: &OwnedFd) {
        use std::os::fd::AsRawFd as _;
        let Some(watches) = &self.watches else { return };
        let flags = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_ONLYDIR;
        // By descriptor, so that no link swapped in meanwhile is watched in its place. A second
        // watch on the same folder is the same watch.
        let path = format!("/proc/self/fd/{}", folder.as_raw_fd());
        let _ = watches.add_watch(path.as_str(), flags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named_and_bounded() {
        let file = |size| (EntryKind::File, size, 0, 0);
        let before = Scan::from([("a".into(), file(1)), ("b".into(), file(1))]);
        let now = Scan::from([("a".into(), file(2)), ("c".into(), file(1))]);
        let changes = compare(&before, &now, true);
        assert_eq!(
            changes,
            FileChanges {
                paths: ["a", "b", "c"].map(Into::into).into(),
                more: false
            }
        );
        let many: Scan = (0..999).map(|n| (format!("{n}"), file(1))).collect();
        let changes = compare(&Scan::new(), &many, true);
        assert_eq!((changes.paths.len(), changes.more), (MAX_CHANGES, true));
        let long: Scan = (0..50)
            .map(|n| (format!("{n}{}", "\u{1}".repeat(3000)), file(1)))
            .collect();
        let changes = compare(&Scan::new(), &long, true);
        assert!(serde_json::to_vec(&changes).unwrap().len() <= crate::protocol::MAX_FRAME_PAYLOAD);
    }
}

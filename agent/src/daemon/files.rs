//! Files, with the learner's rights.
//!
//! Each operation runs on a thread of its own that takes on the learner's file-system user and
//! group for good and then ends. A thread and not a process: it is cheaper, it can't be
//! signalled or traced by the learner (its user stays root), and the kernel takes the
//! capabilities that override file permissions away with the change of user.

use super::failure::Failure;
use super::resolve::{open_below, open_home};
use super::{Agent, launch, sys};
use crate::protocol::{
    DirEntry, DirListing, EntryKind, ErrorCode, FileMeta, FileVersion, MAX_ENTRIES, MAX_FILE,
    ReadAnyRequest, RelPath, RenameRequest, RunAs, WriteRequest,
};
use bytes::Bytes;
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, RenameFlags, ResolveFlag, openat, openat2, renameat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::CStr;
use std::fs::File;
use std::hash::Hasher as _;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Most entries that one recursive removal takes, and how deep it goes.
const MAX_REMOVED: usize = 100_000;
const MAX_DEPTH: usize = 100;

/// Folders from which root never reads aloud: they hold the agent's own secrets, or are no files.
const NOT_FOR_ROOT: [&str; 6] = [
    "/.slipway",
    "/run/slipway",
    "/proc",
    "/sys",
    "/dev",
    "/run/secrets",
];

/// Runs `work` on a fresh thread that has the learner's rights on files.
pub(super) async fn as_learner<T: Send + 'static>(
    agent: &Arc<Agent>,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let identity = launch::learner_identity(&agent.config);
    on_thread(agent, move || {
        sys::become_for_files(identity.uid, identity.gid)?;
        work()
    })
    .await
}

async fn on_thread<T: Send + 'static>(
    agent: &Arc<Agent>,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let gone = || Failure::new(ErrorCode::Io, "the file thread is gone");
    let _permit = agent.file_threads.acquire().await.map_err(|_| gone())?;
    let (sender, receiver) = oneshot::channel();
    let run = move || {
        let _ = sender.send(work());
    };
    std::thread::Builder::new()
        .name("files".to_owned())
        .stack_size(512 * 1024)
        .spawn(run)?;
    receiver.await.unwrap_or_else(|_| Err(gone()))
}

/// Runs `work` in the learner's home with the learner's rights.
async fn at_home<T: Send + 'static>(
    agent: &Arc<Agent>,
    work: impl FnOnce(BorrowedFd<'_>) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let home = agent.config.learner.home.clone();
    as_learner(agent, move || work(open_home(&home)?.as_fd())).await
}

pub(super) async fn list(agent: &Arc<Agent>, path: RelPath) -> Result<DirListing, Failure> {
    at_home(agent, move |home| {
        let fd = open_below(home, &path, OFlag::O_RDONLY | OFlag::O_DIRECTORY)?;
        list_folder(fd)
    })
    .await
}

fn list_folder(fd: OwnedFd) -> Result<DirListing, Failure> {
    let mut folder = Dir::from_fd(fd)?;
    let mut listing = DirListing {
        entries: Vec::new(),
        truncated: false,
    };
    let mut names = Vec::new();
    for entry in folder.iter() {
        let entry = entry?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        if names.len() == MAX_ENTRIES {
            listing.truncated = true;
            break;
        }
        names.push(entry.file_name().to_owned());
    }
    for name in names {
        // Gone meanwhile: leave it out.
        let Ok(stat) = fstatat(&folder, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else {
            continue;
        };
        listing.entries.push(describe(&name, &stat));
    }
    Ok(listing)
}

fn describe(name: &CStr, stat: &FileStat) -> DirEntry {
    let text = name.to_string_lossy();
    let kind = kind(stat);
    DirEntry {
        lossy: matches!(text, std::borrow::Cow::Owned(_)),
        name: text.into_owned(),
        kind,
        size: if kind == EntryKind::File {
            u64::try_from(stat.st_size).unwrap_or(0)
        } else {
            0
        },
        modified_ms: modified_ms(stat),
        executable: kind == EntryKind::File && stat.st_mode & 0o100 != 0,
    }
}

pub(super) fn modified_ms(stat: &FileStat) -> i64 {
    stat.st_mtime
        .saturating_mul(1000)
        .saturating_add(stat.st_mtime_nsec / 1_000_000)
}

pub(super) fn kind(stat: &FileStat) -> EntryKind {
    match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFREG => EntryKind::File,
        SFlag::S_IFDIR => EntryKind::Folder,
        SFlag::S_IFLNK => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

pub(super) async fn read(
    agent: &Arc<Agent>,
    path: RelPath,
    max: usize,
) -> Result<(FileMeta, Bytes), Failure> {
    // Not blocking: opening a FIFO must not wait for its writer.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
    at_home(agent, move |home| {
        content(open_below(home, &path, flags)?, max)
    })
    .await
}

pub(super) async fn read_any(
    agent: &Arc<Agent>,
    request: ReadAnyRequest,
) -> Result<(FileMeta, Bytes), Failure> {
    let ReadAnyRequest {
        path,
        user,
        max_bytes,
    } = request;
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags);
    // Extra slashes and dots must not hide a folder; ".." is refused by the type.
    let plain: std::path::PathBuf = std::path::Path::new(path.as_str()).components().collect();
    let open = move |resolve| {
        // The folder does not matter for an absolute path.
        let root = open_home("/")?;
        match openat2(&root, path.as_str(), how.resolve(resolve)) {
            Ok(fd) => content(fd, max_bytes),
            Err(Errno::ELOOP) => Err(Failure::new(ErrorCode::Refused, "a link is in the way")),
            Err(error) => Err(error.into()),
        }
    };
    match user {
        RunAs::Learner => as_learner(agent, move || open(ResolveFlag::RESOLVE_NO_MAGICLINKS)).await,
        RunAs::Root => {
            let secret = NOT_FOR_ROOT.iter().any(|folder| plain.starts_with(folder));
            if secret || plain.starts_with(&agent.run_dir) {
                return Err(Failure::new(
                    ErrorCode::Refused,
                    "root does not read this aloud",
                ));
            }
            on_thread(agent, move || open(ResolveFlag::RESOLVE_NO_SYMLINKS)).await
        }
    }
}

/// Reads an opened file: regular files only, whatever the path has become meanwhile.
fn content(fd: OwnedFd, max: usize) -> Result<(FileMeta, Bytes), Failure> {
    let stat = fstat(&fd)?;
    match kind(&stat) {
        EntryKind::File => {}
        EntryKind::Folder => return Err(Errno::EISDIR.into()),
        _ => return Err(Failure::new(ErrorCode::Refused, "not a regular file")),
    }
    let mut bytes = Vec::new();
    // Up to the bound even if less is wanted: the version speaks for the whole file. One more
    // byte tells whether that was all, even if the file grows meanwhile.
    File::from(fd)
        .take(MAX_FILE as u64 + 1)
        .read_to_end(&mut bytes)?;
    let size = u64::try_from(stat.st_size)
        .unwrap_or(0)
        .max(bytes.len() as u64);
    let version = version(&bytes, &stat);
    let truncated = bytes.len() > max.min(MAX_FILE);
    bytes.truncate(max.min(MAX_FILE));
    Ok((
        FileMeta {
            version,
            truncated,
            size,
        },
        bytes.into(),
    ))
}

/// The same content has the same version. Beyond the size bound, time and size must do.
fn version(bytes: &[u8], stat: &FileStat) -> FileVersion {
    if bytes.len() > MAX_FILE {
        let nanoseconds = stat.st_mtime_nsec;
        return FileVersion::from_text(format!("t{:x}-{nanoseconds:x}", stat.st_mtime));
    }
    // Fixed keys. This guards against accidents among editors, not against forgery.
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    FileVersion::from_text(format!("c{:x}-{:016x}", bytes.len(), hasher.finish()))
}

/// The folder that contains `path`, and the last part.
fn parent<'a>(home: BorrowedFd<'_>, path: &'a RelPath) -> Result<(OwnedFd, &'a str), Failure> {
    let (folder, name) = path.split().ok_or(Errno::EINVAL)?;
    Ok((
        open_below(home, &folder, OFlag::O_PATH | OFlag::O_DIRECTORY)?,
        name,
    ))
}

pub(super) async fn write(
    agent: &Arc<Agent>,
    request: WriteRequest,
    bytes: Bytes,
) -> Result<FileMeta, Failure> {
    if bytes.len() > MAX_FILE {
        return Err(Errno::EFBIG.into());
    }
    agent.activity.touch();
    at_home(agent, move |home| write_whole(home, &request, &bytes)).await
}

fn write_whole(
    home: BorrowedFd<'_>,
    request: &WriteRequest,
    bytes: &[u8],
) -> Result<FileMeta, Failure> {
    let (folder, name) = parent(home, &request.path)?;
    let before = match fstatat(&folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) if kind(&stat) == EntryKind::File => Some(stat),
        Ok(stat) if kind(&stat) == EntryKind::Folder => return Err(Errno::EISDIR.into()),
        Ok(_) => return Err(Failure::new(ErrorCode::Refused, "not a regular file")),
        Err(Errno::ENOENT) => None,
        Err(error) => return Err(error.into()),
    };
    if before.is_some() {
        // A rename needs no right on the file it replaces; an editor that saves would.
        let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        openat(&folder, name, flags, Mode::empty())?;
    }
    if let Some(expected) = &request.expected {
        let now = if before.is_some() {
            let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            content(openat(&folder, name, flags, Mode::empty())?, 0)?
                .0
                .version
        } else {
            FileVersion::absent()
        };
        if now != *expected {
            return Err(Failure::new(
                ErrorCode::Conflict,
                "the file has changed meanwhile",
            ));
        }
    }
    let temporary = format!(".slipway-{}", sys::random_name()?);
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let fd = openat(
        &folder,
        temporary.as_str(),
        flags,
        Mode::from_bits_truncate(0o644),
    )?;
    let result = fill(fd, bytes, before.as_ref()).and_then(|meta| {
        let only_new = match &request.expected {
            Some(expected) if *expected == FileVersion::absent() => RenameFlags::RENAME_NOREPLACE,
            _ => RenameFlags::empty(),
        };
        renameat2(&folder, temporary.as_str(), &folder, name, only_new)?;
        Ok(meta)
    });
    if result.is_err() {
        let _ = unlinkat(&folder, temporary.as_str(), UnlinkatFlags::NoRemoveDir);
    }
    result
}

fn fill(fd: OwnedFd, bytes: &[u8], before: Option<&FileStat>) -> Result<FileMeta, Failure> {
    let mut file = File::from(fd);
    file.write_all(bytes)?;
    // The agent's own umask must not decide.
    let mode = before.map_or(0o644, |stat| stat.st_mode & 0o777);
    fchmod(&file, Mode::from_bits_truncate(mode))?;
    let version = version(bytes, &fstat(&file)?);
    Ok(FileMeta {
        version,
        truncated: false,
        size: bytes.len() as u64,
    })
}

pub(super) async fn make_dir(agent: &Arc<Agent>, path: RelPath) -> Result<(), Failure> {
    at_home(agent, move |home| {
        let (folder, name) = parent(home, &path)?;
        mkdirat(&folder, name, Mode::from_bits_truncate(0o755))?;
        Ok(())
    })
    .await
}

pub(super) async fn rename(agent: &Arc<Agent>, request: RenameRequest) -> Result<(), Failure> {
    at_home(agent, move |home| {
        let (from, old) = parent(home, &request.from)?;
        let (to, new) = parent(home, &request.to)?;
        renameat2(&from, old, &to, new, RenameFlags::RENAME_NOREPLACE)?;
        Ok(())
    })
    .await
}

pub(super) async fn remove(
    agent: &Arc<Agent>,
    path: RelPath,
    recursive: bool,
) -> Result<(), Failure> {
    at_home(agent, move |home| {
        let (folder, name) = parent(home, &path)?;
        let stat = fstatat(&folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        if kind(&stat) != EntryKind::Folder {
            return Ok(unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir)?);
        }
        if recursive {
            let name = launch::c_string(name);
            empty_folder(folder.as_fd(), &name, MAX_DEPTH, &mut MAX_REMOVED.clone())?;
        }
        Ok(unlinkat(&folder, name, UnlinkatFlags::RemoveDir)?)
    })
    .await
}

fn empty_folder(
    at: BorrowedFd<'_>,
    name: &CStr,
    depth: usize,
    left: &mut usize,
) -> Result<(), Failure> {
    let too_large = || {
        Failure::new(
            ErrorCode::TooLarge,
            "the folder is too large to remove here",
        )
    };
    let depth = depth.checked_sub(1).ok_or_else(too_large)?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut folder = Dir::from_fd(openat(at, name, flags, Mode::empty())?)?;
    let names: Vec<_> = folder
        .iter()
        .flatten()
        .map(|entry| entry.file_name().to_owned())
        .filter(|name| !matches!(name.to_bytes(), b"." | b".."))
        .take(*left)
        .collect();
    for name in names {
        *left = left.checked_sub(1).ok_or_else(too_large)?;
        let stat = fstatat(&folder, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
        if kind(&stat) == EntryKind::Folder {
            empty_folder(folder.as_fd(), &name, depth, left)?;
            unlinkat(&folder, name.as_c_str(), UnlinkatFlags::RemoveDir)?;
        } else {
            unlinkat(&folder, name.as_c_str(), UnlinkatFlags::NoRemoveDir)?;
        }
    }
    Ok(())
}

//! Opening paths below a folder without ever leaving it.
//!
//! The kernel's own resolver (`openat2` with RESOLVE_BENEATH) decides where the machine has it:
//! links are followed as long as they stay inside. Where it is missing or forbidden, each part
//! of the path is opened by itself and no link is followed at all.

use super::failure::Failure;
use crate::protocol::{ErrorCode, RelPath};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::Mode;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Opens the learner's home, for looking things up in it.
pub(super) fn open_home(home: &str) -> Result<OwnedFd, Failure> {
    Ok(open(
        home,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?)
}

/// Opens something below `home` with `flags`; the empty path is `home` itself.
pub(super) fn open_below(
    home: BorrowedFd<'_>,
    path: &RelPath,
    flags: OFlag,
) -> Result<OwnedFd, Failure> {
    let text = if path.is_home() { "." } else { path.as_str() };
    let mut flags = flags | OFlag::O_CLOEXEC;
    if !flags.contains(OFlag::O_PATH) {
        // A terminal device must not become the agent's own. (Refused beside O_PATH.)
        flags |= OFlag::O_NOCTTY;
    }
    let how = OpenHow::new()
        .flags(flags)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    match openat2(home, text, how) {
        Ok(fd) => Ok(fd),
        Err(Errno::EXDEV) => Err(Failure::new(
            ErrorCode::Refused,
            "the path leads out of the home folder",
        )),
        // An old kernel, or a filter that does not know the call and says EPERM.
        Err(Errno::ENOSYS) => walk(home, text, flags),
        Err(Errno::EPERM) if !has_openat2(home) => walk(home, text, flags),
        Err(error) => Err(error.into()),
    }
}

fn has_openat2(folder: BorrowedFd<'_>) -> bool {
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC);
    openat2(folder, ".", how).is_ok()
}

fn walk(home: BorrowedFd<'_>, path: &str, flags: OFlag) -> Result<OwnedFd, Failure> {
    let folder_flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut folder: Option<OwnedFd> = None;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if part == ".." || part.is_empty() {
            return Err(Failure::new(ErrorCode::Refused, "not a plain path"));
        }
        let at = folder.as_ref().map_or(home, |f| f.as_fd());
        if parts.peek().is_none() {
            return match openat(at, part, flags | OFlag::O_NOFOLLOW, Mode::empty()) {
                Ok(fd) => Ok(fd),
                Err(Errno::ELOOP) => {
                    Err(Failure::new(ErrorCode::Refused, "links are not followed"))
                }
                Err(error) => Err(error.into()),
            };
        }
        folder = Some(openat(at, part, folder_flags, Mode::empty())?);
    }
    Err(Failure::new(ErrorCode::Invalid, "an empty path"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn both_ways_of_resolving_stay_inside() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        let home = outer.path().join("home");
        std::fs::create_dir_all(home.join("a/b")).unwrap();
        std::fs::write(home.join("a/b/c"), "inside").unwrap();
        symlink("../secret", home.join("out")).unwrap();
        symlink("..", home.join("up")).unwrap();
        symlink("/etc", home.join("etc")).unwrap();
        symlink("a", home.join("in")).unwrap();
        let home = open_home(home.to_str().unwrap()).unwrap();
        let kernel = |p: &str| open_below(home.as_fd(), &RelPath::new(p).unwrap(), OFlag::O_RDONLY);
        let walked = |p: &str| walk(home.as_fd(), p, OFlag::O_RDONLY | OFlag::O_CLOEXEC);
        for path in ["out", "up/secret", "etc/passwd", "up/home/a/b/c"] {
            assert!(kernel(path).is_err(), "{path}");
            assert!(walked(path).is_err(), "{path}");
        }
        assert!(kernel("a/b/c").is_ok());
        assert!(walked("a/b/c").is_ok());
        assert!(
            kernel("in/b/c").is_ok(),
            "a link that stays inside is followed"
        );
        assert!(walked("in/b/c").is_err(), "the fallback follows no link");
        assert!(walked("../secret").is_err());
    }
}

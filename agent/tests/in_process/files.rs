//! Files of the home folder, and no others.

use crate::common::{LONG, machine};
use slipway_agent::protocol::{
    AbsPath, EntryKind, ErrorCode, FileVersion, MAX_ENTRIES, MAX_FILE, RelPath, RunAs,
};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tokio::time::timeout;

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

#[tokio::test]
async fn a_file_is_written_whole_and_read_back() {
    let m = machine().await;
    m.client.create_dir(&path("src")).await.unwrap();
    let meta = m
        .client
        .write_file(&path("src/main.go"), "包 main", None)
        .await
        .unwrap();
    let read = m
        .client
        .read_file(&path("src/main.go"), MAX_FILE)
        .await
        .unwrap();
    assert_eq!(read.bytes, "包 main".as_bytes());
    assert_eq!(
        (read.version, read.truncated, read.size),
        (meta.version, false, 8)
    );
    let left: Vec<_> = std::fs::read_dir(m.home.join("src")).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays behind");
}

#[tokio::test]
async fn a_write_over_somebody_elses_change_is_a_conflict() {
    let m = machine().await;
    let file = path("a");
    let first = m
        .client
        .write_file(&file, "one", Some(FileVersion::absent()))
        .await
        .unwrap();
    let again = m
        .client
        .write_file(&file, "uno", Some(FileVersion::absent()))
        .await;
    assert_eq!(again.unwrap_err().code(), Some(ErrorCode::Conflict));
    std::fs::write(m.home.join("a"), "two").unwrap();
    let stale = m
        .client
        .write_file(&file, "three", Some(first.version))
        .await
        .unwrap_err();
    assert_eq!(stale.code(), Some(ErrorCode::Conflict));
    let seen = m.client.read_file(&file, 100).await.unwrap();
    assert_eq!(seen.bytes, "two");
    m.client
        .write_file(&file, "three", Some(seen.version))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_write_keeps_the_mode_and_refuses_read_only_files_and_links() {
    let m = machine().await;
    let script = m.home.join("run.sh");
    std::fs::write(&script, "x").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o750)).unwrap();
    m.client
        .write_file(&path("run.sh"), "y", None)
        .await
        .unwrap();
    assert_eq!(
        script.metadata().unwrap().permissions().mode() & 0o7777,
        0o750
    );
    symlink("run.sh", m.home.join("link")).unwrap();
    let refused = m
        .client
        .write_file(&path("link"), "z", None)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Refused));
}

#[tokio::test]
async fn no_path_leads_out_of_home() {
    let m = machine().await;
    let outside = m.home.parent().unwrap().join("secret");
    std::fs::write(&outside, "secret").unwrap();
    symlink("../secret", m.home.join("file")).unwrap();
    symlink("..", m.home.join("up")).unwrap();
    symlink(m.home.parent().unwrap(), m.home.join("absolute")).unwrap();
    for escape in ["file", "up/secret", "absolute/secret", "up/home/../secret"] {
        let Ok(escape) = RelPath::new(escape) else {
            continue;
        };
        let error = m.client.read_file(&escape, 100).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "read {escape}");
    }
    for escape in ["up/new", "absolute/new"] {
        let error = m
            .client
            .write_file(&path(escape), "x", None)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "write {escape}");
        let error = m.client.create_dir(&path(escape)).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "mkdir {escape}");
    }
    m.client.write_file(&path("mine"), "x", None).await.unwrap();
    let error = m
        .client
        .rename(&path("mine"), &path("up/mine"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Refused));
    let error = m
        .client
        .remove(&path("up/secret"), false)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Refused));
    // The link itself may go; what it points at stays.
    m.client.remove(&path("up"), true).await.unwrap();
    assert_eq!(std::fs::read_to_string(outside).unwrap(), "secret");
}

#[tokio::test]
async fn devices_fifos_and_folders_are_no_files() {
    let m = machine().await;
    nix::unistd::mkfifo(&m.home.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(m.home.join("socket")).unwrap();
    for odd in ["fifo", "socket"] {
        let error = timeout(LONG, m.client.read_file(&path(odd), 100))
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "{odd}");
        let error = m
            .client
            .write_file(&path(odd), "x", None)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "{odd}");
    }
    let error = m.client.read_file(&path(""), 100).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Invalid));
    let zero = AbsPath::new("/dev/zero").unwrap();
    let error = m
        .client
        .read_any(&zero, RunAs::Learner, 100)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Refused));
}

#[tokio::test]
async fn sizes_are_bounded() {
    let m = machine().await;
    std::fs::write(m.home.join("long"), vec![b'x'; MAX_FILE + 5]).unwrap();
    let read = m.client.read_file(&path("long"), MAX_FILE).await.unwrap();
    assert_eq!((read.bytes.len(), read.truncated), (MAX_FILE, true));
    assert_eq!(read.size, MAX_FILE as u64 + 5);
    let read = m.client.read_file(&path("long"), 10).await.unwrap();
    assert_eq!((read.bytes.len(), read.truncated), (10, true));
    assert!(
        m.client
            .read_file(&path("long"), MAX_FILE + 1)
            .await
            .is_err()
    );
    let error = m
        .client
        .write_file(&path("big"), vec![0; MAX_FILE + 1], None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TooLarge));
    for n in 0..MAX_ENTRIES + 3 {
        std::fs::write(m.home.join(format!("many-{n}")), "").unwrap();
    }
    let listing = m.client.list_dir(&RelPath::home()).await.unwrap();
    assert_eq!(
        (listing.entries.len(), listing.truncated),
        (MAX_ENTRIES, true)
    );
}

#[tokio::test]
async fn a_listing_says_what_everything_is() {
    let m = machine().await;
    std::fs::create_dir(m.home.join("folder")).unwrap();
    std::fs::write(m.home.join("file"), "12345").unwrap();
    symlink("file", m.home.join("link")).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    std::fs::write(m.home.join(odd), "").unwrap();
    let mut listing = m.client.list_dir(&RelPath::home()).await.unwrap();
    listing.entries.sort_by(|a, b| a.name.cmp(&b.name));
    let seen: Vec<_> = listing
        .entries
        .iter()
        .map(|e| (e.name.as_str(), e.kind, e.size, e.lossy))
        .collect();
    let expected = [
        ("file", EntryKind::File, 5, false),
        ("folder", EntryKind::Folder, 0, false),
        ("link", EntryKind::Link, 0, false),
        ("\u{fffd}\u{fffd}", EntryKind::File, 0, true),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn renaming_never_replaces_and_removing_takes_folders_only_when_told() {
    let m = machine().await;
    m.client.create_dir(&path("a")).await.unwrap();
    m.client.write_file(&path("a/x"), "x", None).await.unwrap();
    m.client.write_file(&path("y"), "y", None).await.unwrap();
    let taken = m.client.rename(&path("y"), &path("a/x")).await.unwrap_err();
    assert_eq!(taken.code(), Some(ErrorCode::Conflict));
    m.client.rename(&path("y"), &path("a/z")).await.unwrap();
    let full = m.client.remove(&path("a"), false).await.unwrap_err();
    assert_eq!(full.code(), Some(ErrorCode::Conflict));
    m.client.remove(&path("a"), true).await.unwrap();
    let gone = m.client.list_dir(&path("a")).await.unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::NotFound));
    assert!(m.client.remove(&RelPath::home(), true).await.is_err());
}

#[tokio::test]
async fn root_reads_no_links_and_no_secrets_aloud() {
    let m = machine().await;
    std::fs::write(m.home.join("plain"), "plain").unwrap();
    symlink("plain", m.home.join("link")).unwrap();
    let at = |p: &str| AbsPath::new(m.home.join(p).to_str().unwrap()).unwrap();
    let read = async |p: AbsPath, user| m.client.read_any(&p, user, 100).await;
    assert_eq!(read(at("plain"), RunAs::Root).await.unwrap().bytes, "plain");
    assert_eq!(
        read(at("link"), RunAs::Learner).await.unwrap().bytes,
        "plain"
    );
    let run = m.home.parent().unwrap().join("run/x");
    for secret in [
        at("link").as_str(),
        "/proc/self/environ",
        "//./proc/1/environ",
        run.to_str().unwrap(),
    ] {
        let error = read(AbsPath::new(secret).unwrap(), RunAs::Root)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "{secret}");
    }
}

#[tokio::test]
async fn changes_are_reported_wherever_they_happen() {
    let m = machine().await;
    std::fs::create_dir_all(m.home.join("a/b")).unwrap();
    let mut watch = m.client.watch_files().await.unwrap();
    // The watch may start a moment after the answer: repeat until it tells.
    let mut round = 0;
    let mut seen = std::collections::HashSet::new();
    let watching = async {
        while !(seen.contains("a/b/c") && seen.contains("new/inside")) {
            round += 1;
            std::fs::write(m.home.join("a/b/c"), format!("{round}")).unwrap();
            std::fs::create_dir_all(m.home.join("new")).unwrap();
            std::fs::write(m.home.join("new/inside"), format!("{round}")).unwrap();
            let pause = std::time::Duration::from_secs(1);
            if let Ok(changes) = timeout(pause, watch.next()).await {
                seen.extend(changes.unwrap().unwrap().paths);
            }
        }
    };
    timeout(LONG, watching).await.unwrap();
}

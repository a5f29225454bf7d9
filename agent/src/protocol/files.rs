//! Files of the learner's home.

use super::{AbsPath, Invalid, RelPath, RunAs, Validate, ensure};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Most bytes of one file that are read or written.
pub const MAX_FILE: usize = 4 * 1024 * 1024;
/// Most entries of one listing.
pub const MAX_ENTRIES: usize = 2000;
/// Most paths named in one change event.
pub const MAX_CHANGES: usize = 200;

/// An opaque mark of a file's content; equal marks mean equal content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileVersion(String);

impl FileVersion {
    /// The version of a file that does not exist: with it, a write only ever creates.
    pub fn absent() -> Self {
        Self("absent".to_owned())
    }

    /// Takes a version that a viewer hands back.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The mark as text, at most 64 bytes, plain ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(&self) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=64).contains(&self.0.len()) && self.0.bytes().all(plain)
    }
}

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link (never followed in listings).
    Link,
    /// A device, FIFO or socket: listed, never opened.
    Other,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirEntry {
    /// Its name; with replacement characters when `lossy`.
    pub name: String,
    /// The real name is not UTF-8, so that this one can't be used to open it.
    pub lossy: bool,
    /// What it is.
    pub kind: EntryKind,
    /// Size in bytes (regular files).
    pub size: u64,
    /// Last change, milliseconds since 1970.
    pub modified_ms: i64,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// The content of a folder, in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirListing {
    /// At most [`MAX_ENTRIES`].
    pub entries: Vec<DirEntry>,
    /// There is more.
    pub truncated: bool,
}

impl Validate for DirListing {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.entries.len() <= MAX_ENTRIES, "at most 2000 entries")?;
        // A lossy name can be three times as long as the 255 bytes it stands for.
        let valid = |e: &DirEntry| {
            (1..=765).contains(&e.name.len()) && !e.name.contains(['/', '\0']) && e.name != ".."
        };
        ensure(
            self.entries.iter().all(valid),
            "entry names are single parts",
        )
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// At most as many bytes as were asked for.
    pub bytes: Bytes,
    /// The version of the whole file.
    pub version: FileVersion,
    /// The file is longer than `bytes`.
    pub truncated: bool,
    /// The file's whole size when it was read.
    pub size: u64,
}

/// What accompanies the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    /// The version of the whole file.
    pub version: FileVersion,
    /// The file is longer than what follows.
    pub truncated: bool,
    /// The file's whole size.
    pub size: u64,
}

impl Validate for FileMeta {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.version.is_valid(), "version: 1 to 64 plain characters")
    }
}

/// A path and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathRequest {
    /// Below the learner's home.
    pub path: RelPath,
}

/// Reads a file of the learner's home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRequest {
    /// Below the learner's home.
    pub path: RelPath,
    /// At most [`MAX_FILE`].
    pub max_bytes: usize,
}

/// Reads any regular file of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAnyRequest {
    /// Absolute.
    pub path: AbsPath,
    /// Whose rights count.
    pub user: RunAs,
    /// At most [`MAX_FILE`].
    pub max_bytes: usize,
}

/// Writes a file; the content is the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteRequest {
    /// Below the learner's home.
    pub path: RelPath,
    /// The version the writer has seen; `None` writes whatever is there now.
    pub expected: Option<FileVersion>,
}

/// Renames within the home; an existing target is a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameRequest {
    /// What to rename.
    pub from: RelPath,
    /// Its new path.
    pub to: RelPath,
}

/// Removes a file or a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveRequest {
    /// What to remove; never the home itself.
    pub path: RelPath,
    /// With all that a folder contains.
    pub recursive: bool,
}

/// Something changed in the home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChanges {
    /// Paths that came, went or changed; at most [`MAX_CHANGES`], UTF-8 names only.
    pub paths: Vec<String>,
    /// More changed than is named here (or than is watched): look at everything again.
    pub more: bool,
}

impl Validate for FileChanges {
    fn validate(&self) -> Result<(), Invalid> {
        let valid = self.paths.len() <= MAX_CHANGES && self.paths.iter().all(|p| p.len() < 4096);
        ensure(valid, "at most 200 paths of 4 KiB")
    }
}

impl Validate for ReadRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.max_bytes <= MAX_FILE, "max_bytes: at most 4 MiB")
    }
}

impl Validate for ReadAnyRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(self.max_bytes <= MAX_FILE, "max_bytes: at most 4 MiB")
    }
}

impl Validate for WriteRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(!self.path.is_home(), "path: names a file")?;
        ensure(
            self.expected.as_ref().is_none_or(FileVersion::is_valid),
            "expected: a version",
        )
    }
}

impl Validate for RenameRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(
            !self.from.is_home() && !self.to.is_home(),
            "the home itself stays",
        )
    }
}

impl Validate for RemoveRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(!self.path.is_home(), "the home itself stays")
    }
}

impl Validate for PathRequest {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

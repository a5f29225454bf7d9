//! Names and paths that are valid by construction.

use serde::{Deserialize, Serialize};

/// Longest path in bytes (the kernel's own `PATH_MAX`).
pub const MAX_PATH: usize = 4096;
const MAX_COMPONENT: usize = 255;
const MAX_TERMINAL_NAME: usize = 64;

/// A name or a path that the protocol refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not `[a-z0-9][a-z0-9._-]*`, or longer than 64 bytes.
    #[error("a terminal name is 1 to 64 of a-z 0-9 . _ - and starts with a letter or digit")]
    Terminal,
    /// Longer than 4096 bytes, or one part longer than 255.
    #[error("the path is too long")]
    TooLong,
    /// Contains a NUL byte.
    #[error("the path contains a NUL byte")]
    Nul,
    /// Contains `..`.
    #[error("the path may not contain \"..\"")]
    Parent,
    /// Absolute where a path below the learner's home was due.
    #[error("the path must be relative to the home folder")]
    Absolute,
    /// Relative where an absolute path was due.
    #[error("the path must be absolute")]
    Relative,
}

/// The name of a terminal within its machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TerminalName(String);

impl TerminalName {
    /// Takes a name of 1 to 64 bytes out of `a-z 0-9 . _ -`.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = name.len() <= MAX_TERMINAL_NAME
            && name.bytes().next().is_some_and(plain)
            && name
                .bytes()
                .all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'));
        if valid {
            Ok(Self(name))
        } else {
            Err(NameError::Terminal)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TerminalName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<TerminalName> for String {
    fn from(name: TerminalName) -> Self {
        name.0
    }
}

impl std::fmt::Display for TerminalName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path below the learner's home; the empty path is the home itself.
///
/// Kept in normal form: no empty or `.` parts, no `..`, no leading or trailing slash. That
/// refuses the obvious escapes early; links are the agent's matter when it resolves the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

impl RelPath {
    /// Takes a relative path and brings it into normal form.
    pub fn new(path: impl AsRef<str>) -> Result<Self, NameError> {
        let path = path.as_ref();
        check_path(path)?;
        if path.starts_with('/') {
            return Err(NameError::Absolute);
        }
        let parts: Vec<&str> = path
            .split('/')
            .filter(|p| !p.is_empty() && *p != ".")
            .collect();
        Ok(Self(parts.join("/")))
    }

    /// The home folder itself.
    pub fn home() -> Self {
        Self(String::new())
    }

    /// The path as text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the home folder itself.
    pub fn is_home(&self) -> bool {
        self.0.is_empty()
    }

    /// Folder and last part; `None` for the home itself.
    pub fn split(&self) -> Option<(RelPath, &str)> {
        if self.is_home() {
            return None;
        }
        Some(match self.0.rsplit_once('/') {
            Some((folder, name)) => (Self(folder.to_owned()), name),
            None => (Self::home(), self.0.as_str()),
        })
    }
}

impl TryFrom<String> for RelPath {
    type Error = NameError;
    fn try_from(path: String) -> Result<Self, NameError> {
        Self::new(path)
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}

impl std::fmt::Display for RelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An absolute path inside the machine, without `..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AbsPath(String);

impl AbsPath {
    /// Takes a path that starts with a slash.
    pub fn new(path: impl Into<String>) -> Result<Self, NameError> {
        let path = path.into();
        check_path(&path)?;
        if path.starts_with('/') {
            Ok(Self(path))
        } else {
            Err(NameError::Relative)
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AbsPath {
    type Error = NameError;
    fn try_from(path: String) -> Result<Self, NameError> {
        Self::new(path)
    }
}

impl From<AbsPath> for String {
    fn from(path: AbsPath) -> Self {
        path.0
    }
}

fn check_path(path: &str) -> Result<(), NameError> {
    if path.contains('\0') {
        return Err(NameError::Nul);
    }
    // The kernel counts the closing NUL into PATH_MAX.
    if path.len() >= MAX_PATH || path.split('/').any(|part| part.len() > MAX_COMPONENT) {
        return Err(NameError::TooLong);
    }
    if path.split('/').any(|part| part == "..") {
        return Err(NameError::Parent);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_odd_paths_are_refused() {
        assert_eq!(RelPath::new("../x"), Err(NameError::Parent));
        assert_eq!(RelPath::new("a/../../x"), Err(NameError::Parent));
        assert_eq!(RelPath::new("/etc/passwd"), Err(NameError::Absolute));
        assert_eq!(RelPath::new("a\0b"), Err(NameError::Nul));
        assert_eq!(RelPath::new("x".repeat(256)), Err(NameError::TooLong));
        assert_eq!(RelPath::new("x/".repeat(2048)), Err(NameError::TooLong));
        assert_eq!(AbsPath::new("etc"), Err(NameError::Relative));
        assert_eq!(AbsPath::new("/run/../etc"), Err(NameError::Parent));
    }

    #[test]
    fn paths_are_brought_into_normal_form() {
        assert_eq!(RelPath::new("./a//b/./c/").unwrap().as_str(), "a/b/c");
        assert!(RelPath::new("").unwrap().is_home());
        let path = RelPath::new("a/b").unwrap();
        assert_eq!(path.split(), Some((RelPath::new("a").unwrap(), "b")));
        assert_eq!(RelPath::home().split(), None);
    }

    #[test]
    fn terminal_names_are_short_and_plain() {
        for bad in ["", "A", "a b", "-a", "a/b", "ä", &"a".repeat(65)] {
            assert_eq!(TerminalName::new(bad), Err(NameError::Terminal), "{bad}");
        }
        assert!(TerminalName::new("desk-1").is_ok());
    }

    proptest! {
        #[test]
        fn a_relative_path_never_leaves_home(text in ".{0,64}") {
            if let Ok(path) = RelPath::new(&text) {
                prop_assert!(!path.as_str().starts_with('/'));
                prop_assert!(path.as_str().split('/').all(|part| part != ".."));
                prop_assert_eq!(RelPath::new(path.as_str()).unwrap(), path);
            }
        }
    }
}

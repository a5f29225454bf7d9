//! Reading folders of untrusted authors: bounded, without following links.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::Path,
};

use sha2::{Digest, Sha256};

use super::problem::Problem;

/// The files of a folder: path with `/` between its parts → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The largest file of a course, in bytes.
pub const MAX_FILE_BYTES: u64 = 4 << 20;
/// The most bytes of a lab's folder, and of a course's other files.
pub const MAX_FOLDER_BYTES: u64 = 16 << 20;
/// The most files of a lab's folder, and of a course's other files.
pub const MAX_FILES: usize = 500;
/// How deep folders nest.
const MAX_DEPTH: usize = 8;

/// Names that editors and version control leave behind and nobody means as content.
fn is_noise(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~')
}

/// Reads every file below `dir`, whose name in messages is `shown`. `skip` is asked for each
/// folder (by its path relative to `dir`) whether to leave it out. What can't be read or is not
/// allowed becomes a problem.
pub fn read(
    dir: &Path,
    shown: &str,
    skip: &dyn Fn(&str) -> bool,
    problems: &mut Vec<Problem>,
) -> Files {
    let mut reader = Reader {
        shown,
        skip,
        problems,
        files: Files::new(),
        bytes: 0,
    };
    reader.folder(dir, "", 0);
    reader.files
}

struct Reader<'a> {
    shown: &'a str,
    skip: &'a dyn Fn(&str) -> bool,
    problems: &'a mut Vec<Problem>,
    files: Files,
    bytes: u64,
}

impl Reader<'_> {
    fn folder(&mut self, dir: &Path, relative: &str, depth: usize) {
        for (name, entry) in self.entries(dir, relative) {
            if is_noise(&name) {
                continue;
            }
            let path = join(relative, &name);
            let shown = join(self.shown, &path);
            // `file_type` of a directory entry does not follow links.
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => self.problems.push(Problem::error(
                    "symlink",
                    shown,
                    "is a symbolic link; links are not followed",
                    "replace it with a copy of what it points to",
                )),
                Ok(kind) if kind.is_dir() => {
                    if (self.skip)(&path) {
                        continue;
                    }
                    if depth == MAX_DEPTH {
                        self.problems.push(Problem::error(
                            "folder-too-deep",
                            shown,
                            format!("folders nest deeper than {MAX_DEPTH} levels"),
                            "flatten the folder",
                        ));
                    } else {
                        self.folder(&entry.path(), &path, depth + 1);
                    }
                }
                Ok(kind) if kind.is_file() => self.file(&entry.path(), path, shown),
                Ok(_) => self.problems.push(Problem::error(
                    "special-file",
                    shown,
                    "is neither a file nor a folder",
                    "remove it",
                )),
                Err(e) => self.problems.push(unreadable(shown, &e)),
            }
        }
    }

    fn entries(&mut self, dir: &Path, relative: &str) -> BTreeMap<String, fs::DirEntry> {
        let mut entries = BTreeMap::new();
        let listing = match fs::read_dir(dir) {
            Ok(listing) => listing,
            Err(e) => {
                self.problems
                    .push(unreadable(join(self.shown, relative), &e));
                return entries;
            }
        };
        for entry in listing.flatten() {
            match entry.file_name().into_string() {
                Ok(name) => {
                    entries.insert(name, entry);
                }
                Err(name) => self.problems.push(Problem::error(
                    "file-name",
                    join(self.shown, &join(relative, &name.to_string_lossy())),
                    "the file's name is not valid UTF-8",
                    "rename it",
                )),
            }
        }
        entries
    }

    fn file(&mut self, file: &Path, path: String, shown: String) {
        if self.files.len() >= MAX_FILES {
            if self.files.len() == MAX_FILES
                && !self
                    .problems
                    .iter()
                    .any(|p| p.rule == "too-many-files" && p.file == self.shown)
            {
                self.problems.push(Problem::error(
                    "too-many-files",
                    self.shown,
                    format!("the folder holds more than {MAX_FILES} files"),
                    "move what learners need into the machine's image",
                ));
            }
            return;
        }
        match read_bounded(file, MAX_FILE_BYTES) {
            Ok(Some(bytes)) => {
                self.bytes += bytes.len() as u64;
                if self.bytes > MAX_FOLDER_BYTES {
                    self.bytes -= bytes.len() as u64;
                    self.problems.push(Problem::error(
                        "folder-too-big",
                        shown,
                        format!(
                            "with this file the folder is larger than {} MiB",
                            MAX_FOLDER_BYTES >> 20
                        ),
                        "move large files into the machine's image",
                    ));
                } else {
                    self.files.insert(path, bytes);
                }
            }
            Ok(None) => self.problems.push(Problem::error(
                "file-too-big",
                shown,
                format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20),
                "make it smaller, or move it into the machine's image",
            )),
            Err(e) => self.problems.push(unreadable(shown, &e)),
        }
    }
}

/// The bytes of a file; `None` when it holds more than `limit`.
fn read_bounded(file: &Path, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn unreadable(shown: String, error: &std::io::Error) -> Problem {
    Problem::error(
        "unreadable",
        shown,
        format!("can't be read: {error}"),
        "check that the file exists and that the server may read it",
    )
}

/// `folder/name`, or `name` alone in the root.
pub fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// SHA-256 over a listing of paths, lengths and bytes, in lower-case hexadecimal. Two folders have
/// the same hash exactly when they hold the same files.
pub fn hash(files: &Files) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"slipway folder 1\n");
    for (path, bytes) in files {
        for part in [path.as_bytes(), bytes] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    format!("{:x}", hasher.finalize())
}

/// Why a path of a lab file is refused; `None` when it is fine: relative, inside the folder,
/// written in the only way it can be.
pub fn unsafe_path(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("it is empty")
    } else if path.starts_with('/') {
        Some("it begins with `/`")
    } else if path.contains('\\') || path.chars().any(char::is_control) {
        Some("it contains a backslash or a control character")
    } else if path.split('/').any(|part| part == "..") {
        Some("it leaves the folder with `..`")
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        Some("it contains `.`, `//` or ends with `/`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn the_hash_changes_with_any_byte_name_or_boundary() {
        let one = hash(&files(&[("a", "bc"), ("d", "e")]));
        assert_eq!(one.len(), 64);
        for other in [
            files(&[("a", "bc"), ("d", "f")]),
            files(&[("a", "bc"), ("f", "e")]),
            files(&[("ab", "c"), ("d", "e")]),
            files(&[("a", "bc")]),
        ] {
            assert_ne!(one, hash(&other));
        }
        assert_eq!(one, hash(&files(&[("d", "e"), ("a", "bc")])));
    }

    #[test]
    fn paths_that_leave_the_folder_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "./a",
            "a/",
            "a\\b",
            "a\0b",
        ] {
            assert!(unsafe_path(bad).is_some(), "{bad:?}");
        }
        for good in ["setup.sh", "solution/step one.sh", "文件/甲.txt", "..a"] {
            assert_eq!(unsafe_path(good), None, "{good:?}");
        }
    }
}

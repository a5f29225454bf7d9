//! The lab images: what there is to build, from what, and under which tag.
//!
//! Pure but for reading the folder. An image is a folder with a `Dockerfile`; it may build on other
//! images of the same catalog (`FROM slipway/<name>`). Its tag carries a hash over its own files and
//! those of every image it builds on, so that a change anywhere below gives a new tag.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::engine::ImageOnDisk;
use crate::domain::ids::Slug;

/// The base image that every catalog may build on without having it.
pub const BASE_IMAGE: &str = "debian:trixie-slim";

/// The label that a Dockerfile carries when its build takes minutes of computing.
const LONG_BUILD: &str = "io.slipway.build=long";

/// The namespace of our tags.
const NAMESPACE: &str = "slipway/";

/// More files than any image folder has: a folder that has more is a mistake.
const MAX_FILES: usize = 2000;

/// Larger than all files of any image folder: they are read into memory.
const MAX_MIB: u64 = 64;

/// How an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// Not on the engine, or not looked at yet.
    Missing,
    /// Waits for images that it builds on, or for its turn.
    Queued,
    /// Is being built.
    Building {
        /// The instruction it is at, from 1; 0 before the first.
        step: u32,
        /// Instructions in all; 0 while unknown.
        steps: u32,
        /// The newest line of the log, control characters removed.
        last_line: String,
        /// How far it is, 0 to 99.
        percent: u8,
    },
    /// On the engine.
    Ready {
        /// Under this tag.
        tag: String,
    },
    /// The build failed; retried on demand.
    Failed {
        /// The end of its log, one line an item.
        log_tail: Vec<String>,
    },
}

/// An image of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name: the folder's.
    pub name: Slug,
    /// Its folder.
    pub folder: PathBuf,
    /// `slipway/<name>:<first 12 hex digits of the hash>`.
    pub tag: String,
    /// Images of the catalog that it builds on directly.
    pub builds_on: BTreeSet<Slug>,
    /// Whether it builds on [`BASE_IMAGE`] directly.
    pub needs_base: bool,
    /// Instructions of its Dockerfile, over all its stages.
    pub instructions: u32,
    /// How long its own build takes, by what its Dockerfile says.
    pub effort: BuildEffort,
}

/// How long the build of an image takes, without those it builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BuildEffort {
    /// Packages and copies: about a minute or less.
    #[default]
    Short,
    /// Minutes of compiling (`LABEL io.slipway.build=long`): nobody's short build waits behind it.
    Long,
}

/// All lab images, in an order in which each comes after those it builds on.
#[derive(Debug, Clone, Default)]
pub struct ImageCatalog {
    images: Vec<Image>,
}

/// Why the images' folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A file can't be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder's name can't be an image's.
    #[error("{0}: an image's folder is named in lower-case letters, digits and single hyphens")]
    Name(PathBuf),
    /// Too much in one folder.
    #[error("{0}: an image's folder holds at most {MAX_FILES} files and {MAX_MIB} MiB")]
    TooLarge(PathBuf),
    /// Neither a file nor a folder.
    #[error("{0}: only files and folders can be part of an image, no links or devices")]
    NotAFile(PathBuf),
    /// `FROM` names an image that is not there.
    #[error(
        "image `{image}` builds on `{from}`, which is neither {BASE_IMAGE}, `scratch` nor an image of this folder"
    )]
    UnknownBase {
        /// Whose Dockerfile.
        image: Slug,
        /// What it names.
        from: String,
    },
    /// Images build on one another in a circle.
    #[error("these images build on one another in a circle: {}", .0.iter().map(Slug::as_str).collect::<Vec<_>>().join(", "))]
    Circle(Vec<Slug>),
}

/// The bytes that images take together, layers that several share counted once; `None` when the
/// engine told no layers of one of them.
pub fn bytes_together<'a>(images: impl IntoIterator<Item = &'a ImageOnDisk>) -> Option<u64> {
    let mut layers: BTreeMap<&str, u64> = BTreeMap::new();
    for image in images {
        if image.layers.is_empty() {
            return None;
        }
        layers.extend(image.layers.iter().map(|l| (l.id.as_str(), l.bytes)));
    }
    Some(layers.values().sum())
}

impl ImageCatalog {
    /// Reads `labs/images`: each folder in it that has a `Dockerfile` is an image.
    pub fn read(folder: &Path) -> Result<Self, CatalogError> {
        let mut found = BTreeMap::new();
        for path in sorted_entries(folder)? {
            let dockerfile = path.join("Dockerfile");
            if !dockerfile.is_file() {
                continue;
            }
            let name: Slug = path
                .file_name()
                .and_then(|n| n.to_str())
                .and_then(|n| n.parse().ok())
                .ok_or_else(|| CatalogError::Name(path.clone()))?;
            let text = read(&dockerfile)?;
            let facts = DockerfileFacts::parse(&String::from_utf8_lossy(&text));
            let files = folder_digest(&path)?;
            found.insert(name, (path, facts, files));
        }
        Self::arrange(found)
    }

    /// Every image, each after those it builds on.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// The image of this name.
    pub fn get(&self, name: &Slug) -> Option<&Image> {
        self.images.iter().find(|i| i.name == *name)
    }

    /// The image and all it builds on, in the order to build them.
    pub fn with_bases(&self, name: &Slug) -> Vec<&Image> {
        let mut wanted: BTreeSet<&Slug> = BTreeSet::from([name]);
        // Backwards: whoever names an image comes after it.
        for image in self.images.iter().rev() {
            if wanted.contains(&image.name) {
                wanted.extend(&image.builds_on);
            }
        }
        self.images
            .iter()
            .filter(|i| wanted.contains(&i.name))
            .collect()
    }

    /// Those of `images` that are not there, and of what each of them builds on what is not there
    /// either, in the order to build them. Names that the catalog does not have come last.
    pub fn still_needed(
        &self,
        images: &BTreeSet<Slug>,
        is_there: impl Fn(&Slug) -> bool,
    ) -> Vec<Slug> {
        let missing: Vec<&Slug> = images.iter().filter(|name| !is_there(name)).collect();
        let mut needed: BTreeSet<&Slug> = BTreeSet::new();
        for name in &missing {
            let bases = self.with_bases(name).into_iter().map(|image| &image.name);
            needed.extend(bases.filter(|base| !is_there(base)));
        }
        let known = self.images.iter().map(|image| &image.name);
        let unknown = missing.into_iter().filter(|name| self.get(name).is_none());
        known
            .filter(|name| needed.contains(name))
            .chain(unknown)
            .cloned()
            .collect()
    }

    fn arrange(
        mut left: BTreeMap<Slug, (PathBuf, DockerfileFacts, [u8; 32])>,
    ) -> Result<Self, CatalogError> {
        let names: BTreeSet<Slug> = left.keys().cloned().collect();
        for (name, (_, facts, _)) in &left {
            if let Some(from) = facts.unknown_base(&names) {
                return Err(CatalogError::UnknownBase {
                    image: name.clone(),
                    from,
                });
            }
        }
        let mut hashes: BTreeMap<Slug, [u8; 32]> = BTreeMap::new();
        let mut images = Vec::new();
        while !left.is_empty() {
            let Some(name) = left
                .iter()
                .find(|(_, (_, facts, _))| facts.builds_on.iter().all(|b| hashes.contains_key(b)))
                .map(|(name, _)| name.clone())
            else {
                return Err(CatalogError::Circle(left.into_keys().collect()));
            };
            let Some((folder, facts, files)) = left.remove(&name) else {
                break;
            };
            let mut hash = Sha256::new();
            hash.update(files);
            for base in &facts.builds_on {
                hash.update(hashes.get(base).copied().unwrap_or_default());
            }
            let hash: [u8; 32] = hash.finalize().into();
            hashes.insert(name.clone(), hash);
            images.push(Image {
                tag: format!("{NAMESPACE}{name}:{}", &hex(&hash)[..12]),
                name,
                folder,
                builds_on: facts.builds_on,
                needs_base: facts.needs_base,
                instructions: facts.instructions,
                effort: facts.effort,
            });
        }
        Ok(Self { images })
    }
}

/// What of a Dockerfile matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct DockerfileFacts {
    builds_on: BTreeSet<Slug>,
    needs_base: bool,
    others: Vec<String>,
    instructions: u32,
    effort: BuildEffort,
}

impl DockerfileFacts {
    fn parse(text: &str) -> Self {
        let mut facts = Self::default();
        let mut stages: BTreeSet<String> = BTreeSet::new();
        for words in instructions(text) {
            facts.instructions += 1;
            let keyword = words[0].to_ascii_uppercase();
            let source = match keyword.as_str() {
                "FROM" => words[1..].iter().find(|w| !w.starts_with("--")).cloned(),
                "COPY" | "ADD" => words[1..]
                    .iter()
                    .find_map(|w| w.strip_prefix("--from=").map(str::to_owned)),
                _ => None,
            };
            if let Some(source) = source {
                facts.note(&source, &stages);
            }
            if keyword == "LABEL" && words[1..].iter().any(|w| w == LONG_BUILD) {
                facts.effort = BuildEffort::Long;
            }
            if keyword == "FROM"
                && let [.., keyword, alias] = words.as_slice()
                && keyword.eq_ignore_ascii_case("as")
            {
                stages.insert(alias.to_ascii_lowercase());
            }
        }
        facts
    }

    fn note(&mut self, source: &str, stages: &BTreeSet<String>) {
        let is_stage = stages.contains(&source.to_ascii_lowercase())
            || source.bytes().all(|b| b.is_ascii_digit());
        if is_stage || source == "scratch" {
            return;
        }
        if source == BASE_IMAGE {
            self.needs_base = true;
            return;
        }
        let ours = source
            .strip_prefix(NAMESPACE)
            .map(|s| s.strip_suffix(":latest").unwrap_or(s))
            .and_then(|s| s.parse::<Slug>().ok());
        match ours {
            Some(name) => {
                self.builds_on.insert(name);
            }
            None => self.others.push(source.to_owned()),
        }
    }

    fn unknown_base(&self, names: &BTreeSet<Slug>) -> Option<String> {
        let ours = self.builds_on.iter().find(|b| !names.contains(*b));
        ours.map(|b| format!("{NAMESPACE}{b}"))
            .or_else(|| self.others.first().cloned())
    }
}

/// The instructions of a Dockerfile as words; comments dropped and continued lines joined. (Here
/// documents are a feature of another builder than the one we use.)
fn instructions(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (line, goes_on) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        words.extend(line.split_whitespace().map(str::to_owned));
        if !goes_on && !words.is_empty() {
            found.push(std::mem::take(&mut words));
        }
    }
    if !words.is_empty() {
        found.push(words);
    }
    found
}

/// A file of an image's folder.
pub(super) struct ContextFile {
    /// Relative to the folder, with `/` between parts.
    pub(super) path: String,
    /// Whether it may be run.
    pub(super) executable: bool,
    /// What is in it.
    pub(super) content: Vec<u8>,
}

/// The files of an image's folder, sorted by path.
pub(super) fn context_files(folder: &Path) -> Result<Vec<ContextFile>, CatalogError> {
    let mut files = Vec::new();
    let mut bytes = 0;
    let mut pending = vec![folder.to_path_buf()];
    while let Some(path) = pending.pop() {
        let kind = fs::symlink_metadata(&path).map_err(|source| CatalogError::Io {
            path: path.clone(),
            source,
        })?;
        if kind.is_dir() {
            pending.extend(sorted_entries(&path)?);
        } else if kind.is_file() {
            bytes += kind.len();
            if files.len() >= MAX_FILES || bytes > MAX_MIB << 20 {
                return Err(CatalogError::TooLarge(folder.to_path_buf()));
            }
            files.push(ContextFile {
                path: path
                    .strip_prefix(folder)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .into_owned(),
                executable: is_executable(&kind),
                content: read(&path)?,
            });
        } else {
            return Err(CatalogError::NotAFile(path));
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn is_executable(kind: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    kind.permissions().mode() & 0o111 != 0
}

fn folder_digest(folder: &Path) -> Result<[u8; 32], CatalogError> {
    let mut hash = Sha256::new();
    for file in context_files(folder)? {
        // Lengths before contents, so that no two folders read the same.
        hash.update((file.path.len() as u64).to_be_bytes());
        hash.update(&file.path);
        hash.update([u8::from(file.executable)]);
        hash.update((file.content.len() as u64).to_be_bytes());
        hash.update(&file.content);
    }
    Ok(hash.finalize().into())
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let io = |source| CatalogError::Io {
        path: folder.to_path_buf(),
        source,
    };
    let mut paths = fs::read_dir(folder)
        .map_err(io)?
        .map(|entry| entry.map(|e| e.path()).map_err(io))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<u8>, CatalogError> {
    fs::read(path).map_err(|source| CatalogError::Io {
        path: path.to_path_buf(),
        source,
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(
        dockerfiles: &[(&str, &str)],
    ) -> (tempfile::TempDir, Result<ImageCatalog, CatalogError>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in dockerfiles {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("Dockerfile"), text).unwrap();
        }
        fs::write(folder.path().join("bootstrap-base"), "#!/bin/sh\n").unwrap();
        let catalog = ImageCatalog::read(folder.path());
        (folder, catalog)
    }

    fn names(images: &[&Image]) -> Vec<String> {
        images.iter().map(|i| i.name.to_string()).collect()
    }

    const FOUR: [(&str, &str); 4] = [
        ("base", "FROM debian:trixie-slim\nRUN true\n"),
        (
            "docker",
            "FROM slipway/go AS hello\nRUN x\nFROM slipway/base AS parts\nFROM slipway/go\nCOPY --from=hello /h /h\nCOPY --from=parts /h /h\n",
        ),
        (
            "go",
            "# FROM slipway/nothing\nFROM --platform=linux/amd64 slipway/base:latest\n",
        ),
        (
            "grader",
            "FROM slipway/base AS parts\nFROM scratch\nCOPY --from=0 / /\n",
        ),
    ];

    #[test]
    fn images_come_after_those_they_build_on() {
        let (_folder, catalog) = catalog(&FOUR);
        let catalog = catalog.unwrap();
        let all: Vec<&Image> = catalog.images().iter().collect();
        assert_eq!(names(&all), ["base", "go", "docker", "grader"]);
        assert_eq!(
            names(&catalog.with_bases(&"grader".parse().unwrap())),
            ["base", "grader"]
        );
        assert_eq!(
            names(&catalog.with_bases(&"docker".parse().unwrap())),
            ["base", "go", "docker"]
        );
        assert!(catalog.get(&"base".parse().unwrap()).unwrap().needs_base);
        assert_eq!(
            catalog
                .get(&"docker".parse().unwrap())
                .unwrap()
                .instructions,
            6
        );
    }

    #[test]
    fn a_change_below_changes_every_tag_above_and_no_other() {
        let (folder, before) = catalog(&FOUR);
        let before = before.unwrap();
        fs::write(folder.path().join("go/extra"), "x").unwrap();
        let after = ImageCatalog::read(folder.path()).unwrap();
        let changed: Vec<_> = before
            .images()
            .iter()
            .zip(after.images())
            .filter(|(b, a)| b.tag != a.tag)
            .map(|(b, _)| b.name.to_string())
            .collect();
        assert_eq!(changed, ["go", "docker"]);
    }

    #[test]
    fn the_executable_bit_is_part_of_the_hash_and_the_folder_s_place_is_not() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, one) = catalog(&FOUR);
        let (_other, two) = catalog(&FOUR);
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.images()[0].tag, two.images()[0].tag);
        let file = folder.path().join("base/Dockerfile");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let again = ImageCatalog::read(folder.path()).unwrap();
        assert_ne!(one.images()[0].tag, again.images()[0].tag);
    }

    #[test]
    fn a_build_is_long_when_its_own_dockerfile_says_so() {
        let (_folder, catalog) = catalog(&[
            (
                "compiled",
                "FROM scratch\nLABEL io.slipway.build=long\nRUN make\n",
            ),
            (
                "copied",
                "FROM scratch\nCOPY --from=slipway/compiled /a /a\n",
            ),
        ]);
        let efforts: Vec<BuildEffort> =
            catalog.unwrap().images().iter().map(|i| i.effort).collect();
        assert_eq!(efforts, [BuildEffort::Long, BuildEffort::Short]);
    }

    #[test]
    fn what_an_image_still_needs_comes_in_the_order_of_building() {
        let (_folder, catalog) = catalog(&FOUR);
        let catalog = catalog.unwrap();
        let needed = |images: &[&str], there: &[&str]| -> Vec<String> {
            let images = images.iter().map(|name| name.parse().unwrap()).collect();
            catalog
                .still_needed(&images, |name| there.contains(&name.as_str()))
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(
            needed(&["absent", "docker", "grader"], &[]),
            ["base", "go", "docker", "grader", "absent"]
        );
        assert_eq!(needed(&["docker"], &["base"]), ["go", "docker"]);
        assert_eq!(
            needed(&["docker"], &["docker"]),
            Vec::<String>::new(),
            "what it was built from may be gone"
        );
    }

    #[test]
    fn an_unknown_base_and_a_circle_are_named() {
        let (_f, unknown) = catalog(&[("a", "FROM ubuntu:24.04\n")]);
        assert!(unknown.unwrap_err().to_string().contains("ubuntu:24.04"));
        let (_f, missing) = catalog(&[("a", "FROM slipway/b\n")]);
        assert!(missing.unwrap_err().to_string().contains("slipway/b"));
        let (_f, circle) = catalog(&[("a", "FROM slipway/b\n"), ("b", "FROM slipway/a\n")]);
        assert!(circle.unwrap_err().to_string().contains("a, b"));
    }

    #[test]
    fn a_link_in_an_image_s_folder_is_refused() {
        let (folder, _) = catalog(&FOUR);
        std::os::unix::fs::symlink("/etc/shadow", folder.path().join("base/secret")).unwrap();
        assert!(matches!(
            ImageCatalog::read(folder.path()),
            Err(CatalogError::NotAFile(_))
        ));
    }
}

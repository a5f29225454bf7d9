//! Every course on disk, loaded.
//!
//! A mistake takes down what it stands in and nothing else: a lab with an error is left out, its
//! course and the other labs are served, and the mistake is in the list of problems.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    folder::Files, loader::CourseLoader, localized::Localized, markdown::Html, problem::Problem,
    render,
};
use crate::domain::{
    cluster::ClusterEnvironment,
    course::{Course, Item},
    ids::Slug,
    lab::Lab,
    text::Text,
};

/// The folder beside the courses that holds the images of machines.
pub const IMAGES: &str = "images";

/// All courses that could be loaded.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// By name.
    pub courses: BTreeMap<Slug, LoadedCourse>,
    /// The images of machines: the folders of `images` that hold a Dockerfile.
    pub images: BTreeSet<Slug>,
}

/// A catalog, and what is wrong with the files it came from.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What can be served.
    pub catalog: Catalog,
    /// What can't, and what its authors should look at; by file and line.
    pub problems: Vec<Problem>,
}

/// A course with everything in it.
#[derive(Debug, Clone)]
pub struct LoadedCourse {
    /// The manifest.
    pub course: Course,
    /// The long introduction; empty where its file has an error.
    pub introduction: Localized<Html>,
    /// The outline.
    pub modules: Vec<LoadedModule>,
    /// The lessons that can be served, by name.
    pub lessons: BTreeMap<Slug, Lesson>,
    /// The labs that can be served, by name.
    pub labs: BTreeMap<Slug, LoadedLab>,
    /// The images of introduction and lessons: path within the course's folder → bytes.
    pub assets: Files,
}

/// A module of the outline.
#[derive(Debug, Clone)]
pub struct LoadedModule {
    /// Its name.
    pub id: Slug,
    /// Its title.
    pub title: Text,
    /// A few words about it.
    pub summary: Text,
    /// Its lessons and labs in teaching order.
    pub items: Vec<LoadedItem>,
}

/// A line of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadedItem {
    /// A key of [`LoadedCourse::lessons`].
    Lesson(Slug),
    /// A key of [`LoadedCourse::labs`].
    Lab(Slug),
    /// It has an error; show its name as not available.
    Unavailable(Item),
}

/// A lesson in both languages.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Its name, unique in the course.
    pub id: Slug,
    /// Its module.
    pub module: Slug,
    /// Its title.
    pub title: Text,
    /// How long reading takes.
    pub minutes: u16,
    /// Its text.
    pub body: Localized<Html>,
}

/// A lab with the files of its folder.
#[derive(Debug, Clone)]
pub struct LoadedLab {
    /// Its course.
    pub course: Slug,
    /// Its module.
    pub module: Slug,
    /// The manifest.
    pub lab: Lab,
    /// SHA-256 over all files, in lower-case hexadecimal: two versions with the same hash are the
    /// same.
    pub hash: String,
    /// All files of its folder, by path.
    pub files: Files,
    /// The instructions, by step.
    pub texts: BTreeMap<Slug, Localized<Html>>,
}

impl Catalog {
    /// Loads every course below `root`: a folder for each course, and `images`. Labs with a cluster
    /// get their machines from `environments`.
    pub fn load(root: &Path, environments: &[ClusterEnvironment]) -> Loaded {
        let mut problems = Vec::new();
        let mut catalog = Self {
            images: image_folders(root),
            ..Self::default()
        };
        for name in course_folders(root, &mut problems) {
            let mut loader = CourseLoader {
                folder: name.clone(),
                dir: &root.join(&name),
                images: &catalog.images,
                environments,
                problems: &mut problems,
            };
            if let Some(course) = loader.load() {
                catalog.courses.insert(course.course.id.clone(), course);
            }
        }
        catalog.drop_duplicate_labs(&mut problems);
        problems.sort();
        problems.dedup();
        Loaded { catalog, problems }
    }

    /// The course of this name.
    pub fn course(&self, id: &Slug) -> Option<&LoadedCourse> {
        self.courses.get(id)
    }

    /// The lab of this name, wherever it is.
    pub fn lab(&self, id: &Slug) -> Option<&LoadedLab> {
        self.courses.values().find_map(|course| course.labs.get(id))
    }

    /// Every lab.
    pub fn labs(&self) -> impl Iterator<Item = &LoadedLab> {
        self.courses
            .values()
            .flat_map(|course| course.labs.values())
    }

    /// Every lab of an outline, in teaching order, one course after the other.
    pub fn labs_in_order(&self) -> impl Iterator<Item = &LoadedLab> {
        self.courses.values().flat_map(|course| {
            let items = course.modules.iter().flat_map(|module| &module.items);
            items.filter_map(|item| match item {
                LoadedItem::Lab(id) => course.labs.get(id),
                LoadedItem::Lesson(_) | LoadedItem::Unavailable(_) => None,
            })
        })
    }

    /// An image of a course, or of a lab in it, by its path within the course's folder: what
    /// [`render::asset_url`] points to.
    pub fn asset(&self, course: &Slug, path: &str) -> Option<&[u8]> {
        let course = self.courses.get(course)?;
        if let Some(bytes) = course.assets.get(path) {
            return Some(bytes);
        }
        let mut parts = path.splitn(3, '/');
        let (module, lab, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let lab = course.labs.get(&lab.parse::<Slug>().ok()?)?;
        let shown = lab.module.as_str() == module && rest.starts_with("images/");
        (shown && render::is_image(rest))
            .then(|| lab.files.get(rest).map(Vec::as_slice))
            .flatten()
    }

    /// A lab's name is its address, so only the first of two labs with one name stays.
    fn drop_duplicate_labs(&mut self, problems: &mut Vec<Problem>) {
        let mut seen: BTreeMap<Slug, String> = BTreeMap::new();
        for (course_id, course) in &mut self.courses {
            let mut dropped = Vec::new();
            for (id, lab) in &course.labs {
                let place = format!("{course_id}/{}/{id}/lab.yaml", lab.module);
                if let Some(first) = seen.get(id) {
                    problems.push(Problem::error(
                        "duplicate-id",
                        place,
                        format!("the lab `{id}` exists already in {first}"),
                        "rename the lab and its folder; a lab's name is unique on the server",
                    ));
                    dropped.push(id.clone());
                } else {
                    seen.insert(id.clone(), place);
                }
            }
            for id in dropped {
                course.labs.remove(&id);
                for item in course
                    .modules
                    .iter_mut()
                    .flat_map(|module| &mut module.items)
                {
                    if *item == LoadedItem::Lab(id.clone()) {
                        *item = LoadedItem::Unavailable(Item::Lab(id.clone()));
                    }
                }
            }
        }
    }
}

impl LoadedCourse {
    /// Every line of the outline, in teaching order.
    pub fn items(&self) -> impl Iterator<Item = &LoadedItem> {
        self.modules.iter().flat_map(|module| &module.items)
    }
}

fn image_folders(root: &Path) -> BTreeSet<Slug> {
    let Ok(entries) = fs::read_dir(root.join(IMAGES)) else {
        return BTreeSet::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.path().join("Dockerfile").is_file())
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn course_folders(root: &Path, problems: &mut Vec<Problem>) -> Vec<String> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(e) => {
            problems.push(Problem::error(
                "unreadable",
                "",
                format!("the folder of courses can't be read: {e}"),
                "check the server's setting for the folder of labs",
            ));
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if name.starts_with('.') || name == IMAGES || !entry.path().is_dir() {
            continue;
        }
        if is_link {
            problems.push(Problem::error(
                "symlink",
                name,
                "is a symbolic link; links are not followed",
                "replace it with a copy of what it points to",
            ));
        } else if entry.path().join("course.yaml").exists() {
            names.push(name);
        } else {
            problems.push(Problem::warning(
                "no-course",
                name,
                "the folder holds no course.yaml and is skipped",
                "add course.yaml, or move the folder elsewhere",
            ));
        }
    }
    names.sort();
    names
}

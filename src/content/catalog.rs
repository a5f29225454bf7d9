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
    folder::{self, Files, join},
    frontmatter,
    lint::{self, Report},
    localized::Localized,
    manifest::{self, Parsed},
    markdown::{self, Context, Html},
    problem::{Problem, any_error},
    render::{self, asset_url, image},
};
use crate::domain::{
    course::{Course, Item},
    ids::Slug,
    lab::{Lab, Step},
    text::{Locale, Text},
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
    /// Loads every course below `root`: a folder for each course, and `images`.
    pub fn load(root: &Path) -> Loaded {
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

    /// An image of a course, or of a lab in it, by its path within the course's folder: what
    /// [`asset_url`] points to.
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
    /// Whether an item stands in the outline and can be served.
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

struct CourseLoader<'a> {
    folder: String,
    dir: &'a Path,
    images: &'a BTreeSet<Slug>,
    problems: &'a mut Vec<Problem>,
}

impl CourseLoader<'_> {
    fn load(&mut self) -> Option<LoadedCourse> {
        let dir = self.dir;
        let is_lab = |path: &str| dir.join(path).join("lab.yaml").symlink_metadata().is_ok();
        let files = folder::read(dir, &self.folder, &is_lab, self.problems);
        let shown = join(&self.folder, "course.yaml");
        // Missing only when it is a link or too big, which has been told.
        let bytes = files.get("course.yaml")?;
        let parsed: Parsed<Course> = match manifest::parse(&shown, bytes) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.problems.push(*problem);
                return None;
            }
        };
        let mut report = Report::new(&shown, &parsed.positions);
        lint::course(&parsed.value, &self.folder, &mut report);
        self.problems.extend(report.problems);
        let course = parsed.value;
        if course.id.as_str() != self.folder {
            return None;
        }
        let mut used = BTreeSet::new();
        let introduction = self.introduction(&course, &files, &mut used);
        let mut loaded = LoadedCourse {
            introduction: introduction.unwrap_or_default(),
            modules: Vec::new(),
            lessons: BTreeMap::new(),
            labs: BTreeMap::new(),
            assets: Files::new(),
            course,
        };
        for module in &loaded.course.modules {
            let mut items = Vec::new();
            for item in &module.items {
                let item = match item {
                    Item::Lesson(id) if !loaded.lessons.contains_key(id) => {
                        match self.lesson(&loaded.course.id, &module.id, id, &files, &mut used) {
                            Some(lesson) => {
                                loaded.lessons.insert(id.clone(), lesson);
                                LoadedItem::Lesson(id.clone())
                            }
                            None => LoadedItem::Unavailable(item.clone()),
                        }
                    }
                    Item::Lab(id) if !loaded.labs.contains_key(id) => {
                        match self.lab(&loaded.course.id, &module.id, id) {
                            Some(lab) => {
                                loaded.labs.insert(id.clone(), lab);
                                LoadedItem::Lab(id.clone())
                            }
                            None => LoadedItem::Unavailable(item.clone()),
                        }
                    }
                    // Told as a duplicate by the rules of the course.
                    Item::Lesson(_) | Item::Lab(_) => LoadedItem::Unavailable(item.clone()),
                };
                items.push(item);
            }
            loaded.modules.push(LoadedModule {
                id: module.id.clone(),
                title: module.title.clone(),
                summary: module.summary.clone(),
                items,
            });
        }
        self.unused(&loaded.course, &files, &used);
        loaded.assets = files
            .into_iter()
            .filter(|(path, _)| render::is_image(path) && used.contains(path))
            .collect();
        Some(loaded)
    }

    fn introduction(
        &mut self,
        course: &Course,
        files: &Files,
        used: &mut BTreeSet<String>,
    ) -> Option<Localized<Html>> {
        if let Some(why) = folder::unsafe_path(&course.introduction) {
            self.problems.push(Problem::error(
                "path",
                join(&self.folder, "course.yaml"),
                format!("`introduction` is not a path within the folder: {why}"),
                "write the name without the ending, as in `introduction`",
            ));
            return None;
        }
        Localized::try_from_fn(|locale| {
            let path = format!("{}.{}.md", course.introduction, locale.code());
            let text = self.text(&path, files, used)?;
            self.markdown(&course.id, &path, &text, 0, "", locale, files, used)
        })
    }

    fn lesson(
        &mut self,
        course: &Slug,
        module: &Slug,
        id: &Slug,
        files: &Files,
        used: &mut BTreeSet<String>,
    ) -> Option<Lesson> {
        let halves = Localized::try_from_fn(|locale| {
            let path = format!("{module}/{id}.{}.md", locale.code());
            let text = self.text(&path, files, used)?;
            let split = match frontmatter::split(&join(&self.folder, &path), &text) {
                Ok(split) => split,
                Err(problem) => {
                    self.problems.push(*problem);
                    return None;
                }
            };
            let body = self.markdown(
                course,
                &path,
                split.body,
                split.lines_before,
                module.as_str(),
                locale,
                files,
                used,
            )?;
            Some((split.front, body))
        })?;
        let ((zh, zh_body), (en, en_body)) = (halves.zh, halves.en);
        if zh.minutes != en.minutes {
            self.problems.push(
                Problem::warning(
                    "minutes-differ",
                    join(&self.folder, &format!("{module}/{id}.en.md")),
                    format!(
                        "`minutes` is {} here and {} in the Chinese file",
                        en.minutes, zh.minutes
                    ),
                    "write the same number in both; the larger one is shown",
                )
                .at_line(2),
            );
        }
        Some(Lesson {
            id: id.clone(),
            module: module.clone(),
            title: Text::new(zh.title, en.title),
            minutes: zh.minutes.max(en.minutes),
            body: Localized {
                zh: zh_body,
                en: en_body,
            },
        })
    }

    /// The text of a Markdown file that has to exist.
    fn text(&mut self, path: &str, files: &Files, used: &mut BTreeSet<String>) -> Option<String> {
        used.insert(path.to_owned());
        match lint::markdown_text(&join(&self.folder, path), files.get(path)) {
            Ok(text) => Some(text),
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call for introduction and lessons"
    )]
    fn markdown(
        &mut self,
        course: &Slug,
        path: &str,
        text: &str,
        lines_before: u32,
        base: &str,
        locale: Locale,
        files: &Files,
        used: &mut BTreeSet<String>,
    ) -> Option<Html> {
        let shown = join(&self.folder, path);
        let rendered = markdown::render(
            text,
            &Context {
                locale,
                id_prefix: "",
                image: &|path| image(files, base, path),
                image_url: &|path| asset_url(course, &join(base, path)),
                machines: &[],
            },
        );
        used.extend(rendered.images.iter().map(|path| join(base, path)));
        let problems: Vec<_> = rendered
            .notes
            .into_iter()
            .map(|note| render::problem(&shown, note, lines_before))
            .collect();
        let broken = any_error(&problems);
        self.problems.extend(problems);
        (!broken).then_some(rendered.html)
    }

    fn lab(&mut self, course: &Slug, module: &Slug, id: &Slug) -> Option<LoadedLab> {
        let path = format!("{module}/{id}");
        let shown = join(&self.folder, &path);
        let dir = self.dir.join(&path);
        let is_link = |dir: &Path| dir.symlink_metadata().is_ok_and(|m| m.is_symlink());
        if is_link(&dir) || is_link(&self.dir.join(module.as_str())) {
            // Told as a link while the course's files were read.
            return None;
        }
        let (lab, problems) = load_lab(&dir, &shown, id, self.images);
        self.problems.extend(problems);
        let (lab, files) = lab?;
        let url = |image: &str| asset_url(course, &join(&path, image));
        let text = |step: &Step, locale| render::render_step(&files, &lab, step, locale, &url);
        let texts = lab
            .steps
            .iter()
            .map(|step| {
                let halves = Localized {
                    zh: text(step, Locale::Zh),
                    en: text(step, Locale::En),
                };
                (step.id.clone(), halves)
            })
            .collect();
        Some(LoadedLab {
            course: course.clone(),
            module: module.clone(),
            hash: folder::hash(&files),
            texts,
            lab,
            files,
        })
    }

    /// Files and labs that the outline does not lead to.
    fn unused(&mut self, course: &Course, files: &Files, used: &BTreeSet<String>) {
        for path in files.keys() {
            let known = path == "course.yaml" || path.ends_with("README.md");
            if !known && !used.contains(path) {
                self.problems.push(Problem::warning(
                    "unused-file",
                    join(&self.folder, path),
                    "nothing refers to this file",
                    "name it in the outline of course.yaml or in a text, or remove it",
                ));
            }
            if path.to_ascii_lowercase().ends_with(".svg") && used.contains(path) {
                let removed =
                    markdown::removed_from_svg(files.get(path).map_or(&[], Vec::as_slice));
                self.problems
                    .extend(lint::svg_problem(&join(&self.folder, path), &removed));
            }
        }
        for module in &course.modules {
            let Ok(entries) = fs::read_dir(self.dir.join(module.id.as_str())) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let listed = |item: &Item| matches!(item, Item::Lab(id) if id.as_str() == name);
                if entry.path().join("lab.yaml").exists() && !module.items.iter().any(listed) {
                    self.problems.push(Problem::warning(
                        "unused-lab",
                        join(&self.folder, &format!("{}/{name}", module.id)),
                        "the outline does not name this lab, so nobody can reach it",
                        format!("add `- lab: {name}` to the module in course.yaml"),
                    ));
                }
            }
        }
    }
}

/// Loads one lab's folder and applies every rule to it. The lab is `None` when it has an error.
pub fn load_lab(
    dir: &Path,
    shown: &str,
    id: &Slug,
    images: &BTreeSet<Slug>,
) -> (Option<(Lab, Files)>, Vec<Problem>) {
    let mut problems = Vec::new();
    if !dir.is_dir() {
        problems.push(Problem::error(
            "missing-file",
            join(shown, "lab.yaml"),
            "the outline names this lab, but its folder does not exist",
            "create the folder with a lab.yaml, or take the lab out of course.yaml",
        ));
        return (None, problems);
    }
    let files = folder::read(dir, shown, &|_| false, &mut problems);
    let manifest_name = join(shown, "lab.yaml");
    let Some(bytes) = files.get("lab.yaml") else {
        if !problems.iter().any(|p| p.file == manifest_name) {
            problems.push(Problem::error(
                "missing-file",
                manifest_name,
                "the lab has no lab.yaml",
                "write one; docs/LAB-FORMAT.md shows how",
            ));
        }
        return (None, problems);
    };
    match manifest::parse::<Lab>(&manifest_name, bytes) {
        Err(problem) => {
            problems.push(*problem);
            (None, problems)
        }
        Ok(Parsed { value, positions }) => {
            let mut report = Report::new(&manifest_name, &positions);
            lint::lab(
                &lint::LabContext {
                    lab: &value,
                    folder: shown,
                    id,
                    files: &files,
                    images,
                },
                &mut report,
            );
            problems.extend(report.problems);
            let healthy = !any_error(&problems);
            (healthy.then_some((value, files)), problems)
        }
    }
}

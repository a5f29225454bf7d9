//! From the folder of a course to the course: what [`super::catalog`] puts together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    catalog::{Lesson, LoadedCourse, LoadedItem, LoadedLab, LoadedModule},
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
    cluster::ClusterEnvironment,
    course::{Course, Item},
    ids::Slug,
    lab::{Lab, Step},
    text::{Locale, Text},
};

/// Loads one course.
pub(super) struct CourseLoader<'a> {
    /// The name of its folder.
    pub(super) folder: String,
    /// Its folder.
    pub(super) dir: &'a Path,
    /// The images of machines.
    pub(super) images: &'a BTreeSet<Slug>,
    /// The clusters that labs can have.
    pub(super) environments: &'a [ClusterEnvironment],
    /// Where problems go.
    pub(super) problems: &'a mut Vec<Problem>,
}

impl CourseLoader<'_> {
    /// The course; `None` when its manifest has an error that leaves nothing to serve.
    pub(super) fn load(&mut self) -> Option<LoadedCourse> {
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
                        let course = &loaded.course.id;
                        if let Some(lesson) = self.lesson(course, &module.id, id, &files, &mut used)
                        {
                            loaded.lessons.insert(id.clone(), lesson);
                            LoadedItem::Lesson(id.clone())
                        } else {
                            // What a broken lesson would show is not known.
                            let images = format!("{}/images/", module.id);
                            let shown = files.keys().filter(|path| path.starts_with(&images));
                            used.extend(shown.cloned());
                            LoadedItem::Unavailable(item.clone())
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
        let (lab, problems) = load_lab(&dir, &shown, id, self.images, self.environments);
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
            hash: version_hash(&lab, &files),
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

/// What makes a version of a lab: its files, and the machines that the operator's settings add.
fn version_hash(lab: &Lab, files: &Files) -> String {
    let of_files = folder::hash(files);
    if lab.kubernetes.is_none() {
        return of_files;
    }
    let machines = serde_json::to_vec(&lab.machines).unwrap_or_default();
    folder::hash(&Files::from([
        ("files".to_owned(), of_files.into_bytes()),
        ("machines".to_owned(), machines),
    ]))
}

/// Loads one lab's folder and applies every rule to it. The lab is `None` when it has an error.
pub fn load_lab(
    dir: &Path,
    shown: &str,
    id: &Slug,
    images: &BTreeSet<Slug>,
    environments: &[ClusterEnvironment],
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
        Ok(Parsed {
            mut value,
            positions,
        }) => {
            let mut report = Report::new(&manifest_name, &positions);
            lint::cluster(&mut value, images, environments, &mut report);
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
            value.add_workbench();
            let healthy = !any_error(&problems);
            (healthy.then_some((value, files)), problems)
        }
    }
}

//! Courses on disk: each mistake with what its author is told, the schemas and the reference.
//!
//! Every folder of `content_fixtures` is laid over `_base` (a file named `<name>.delete` takes
//! `<name>` away) and linted; `expected.txt` beside it is what a person sees. Run with
//! `UPDATE=1` to write the expected files and the schemas anew, and read the difference.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as tests do"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use slipway::{
    cli::lab_lint,
    config::Config,
    content::{Catalog, LoadedItem, folder, render_step, schema},
    domain::{cluster::ClusterEnvironment, text::Locale},
};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn environments() -> Vec<ClusterEnvironment> {
    Config::default().kubernetes_environments
}

fn fixtures() -> PathBuf {
    repository().join("tests/content_fixtures")
}

fn updating() -> bool {
    env::var_os("UPDATE").is_some_and(|value| value == "1")
}

fn lay_over(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            lay_over(&entry.path(), &target);
        } else if let Some(gone) = name.strip_suffix(".delete") {
            fs::remove_file(to.join(gone)).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The base with one fixture laid over it.
fn laid_out(fixture: Option<&str>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    lay_over(&fixtures().join("_base"), dir.path());
    if let Some(fixture) = fixture {
        lay_over(&fixtures().join(fixture).join("labs"), dir.path());
    }
    dir
}

fn assert_same(path: &Path, actual: &str) {
    if updating() {
        fs::write(path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        expected,
        actual,
        "{} is stale; run the test with UPDATE=1 and read the difference",
        path.display()
    );
}

#[test]
fn every_mistake_is_told_with_its_place_and_remedy() {
    let mut names: Vec<String> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "_base")
        .collect();
    names.sort();
    assert!(names.len() >= 20, "the fixtures are gone");
    for name in names {
        let dir = laid_out(Some(&name));
        let report = lab_lint::human(&lab_lint::lint(dir.path(), &environments(), None));
        assert_same(&fixtures().join(&name).join("expected.txt"), &report);
    }
}

#[test]
fn the_base_of_the_fixtures_has_no_problem() {
    let dir = laid_out(None);
    let result = lab_lint::lint(dir.path(), &environments(), None);
    assert_eq!(
        lab_lint::human(&result),
        "1 course, 2 labs: 0 errors, 0 warnings\n"
    );
}

#[test]
#[cfg(unix)]
fn links_are_refused_wherever_they_stand() {
    let dir = laid_out(None);
    let lab = dir.path().join("tea/basics/first-lab");
    std::os::unix::fs::symlink("/etc/passwd", lab.join("leak.txt")).unwrap();
    std::os::unix::fs::symlink("/", lab.join("solution/root")).unwrap();
    std::os::unix::fs::symlink("/etc", dir.path().join("other")).unwrap();
    fs::remove_file(dir.path().join("tea/basics/pouring.zh.md")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("tea/basics/pouring.zh.md")).unwrap();
    let loaded = Catalog::load(dir.path(), &environments());
    let links: Vec<&str> = loaded
        .problems
        .iter()
        .filter(|problem| problem.rule == "symlink")
        .map(|problem| problem.file.as_str())
        .collect();
    assert_eq!(
        links,
        [
            "other",
            "tea/basics/first-lab/leak.txt",
            "tea/basics/first-lab/solution/root",
            "tea/basics/pouring.zh.md",
        ]
    );
    assert!(loaded.catalog.lab(&"first-lab".parse().unwrap()).is_none());
    assert!(loaded.catalog.lab(&"second-lab".parse().unwrap()).is_some());
}

#[test]
fn a_lab_behind_a_link_is_not_loaded() {
    let dir = laid_out(None);
    let lab = dir.path().join("tea/basics/first-lab");
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("first-lab");
    fs::create_dir(&moved).unwrap();
    lay_over(&lab, &moved);
    fs::remove_dir_all(&lab).unwrap();
    std::os::unix::fs::symlink(&moved, &lab).unwrap();
    let loaded = Catalog::load(dir.path(), &environments());
    assert!(loaded.catalog.lab(&"first-lab".parse().unwrap()).is_none());
    assert!(
        loaded
            .problems
            .iter()
            .any(|problem| problem.rule == "symlink")
    );
}

#[test]
fn one_broken_part_leaves_the_others_served() {
    let dir = laid_out(None);
    let root = dir.path();
    fs::write(root.join("tea/basics/first-lab/lab.yaml"), "id: [").unwrap();
    fs::remove_file(root.join("tea/basics/pouring.en.md")).unwrap();
    fs::create_dir(root.join("broken")).unwrap();
    fs::write(root.join("broken/course.yaml"), "{").unwrap();
    let catalog = Catalog::load(root, &environments()).catalog;
    assert_eq!(catalog.courses.len(), 1);
    let course = catalog.course(&"tea".parse().unwrap()).unwrap();
    let items: Vec<_> = course.items().collect();
    assert!(matches!(items[0], LoadedItem::Unavailable(_)));
    assert!(matches!(items[1], LoadedItem::Unavailable(_)));
    assert!(matches!(items[2], LoadedItem::Lab(id) if id.as_str() == "second-lab"));
}

#[test]
fn huge_files_and_folders_are_refused_without_being_kept() {
    let dir = laid_out(None);
    let lab = dir.path().join("tea/basics/first-lab");
    let file = fs::File::create(lab.join("huge.bin")).unwrap();
    file.set_len(50 << 20).unwrap();
    let manifest = fs::File::create(dir.path().join("tea/basics/second-lab/lab.yaml")).unwrap();
    manifest.set_len(50 << 20).unwrap();
    let loaded = Catalog::load(dir.path(), &environments());
    let rules: Vec<&str> = loaded.problems.iter().map(|problem| problem.rule).collect();
    assert!(rules.contains(&"file-too-big"), "{rules:?}");
    assert_eq!(loaded.catalog.labs().count(), 0);
}

#[test]
fn a_stored_version_renders_as_the_folder_does() {
    let dir = laid_out(None);
    let loaded = Catalog::load(dir.path(), &environments());
    let lab = loaded.catalog.lab(&"first-lab".parse().unwrap()).unwrap();
    for step in &lab.lab.steps {
        for locale in Locale::ALL {
            let url = |path: &str| {
                slipway::content::render::asset_url(
                    &lab.course,
                    &format!("{}/{}/{path}", lab.module, lab.lab.id),
                )
            };
            let stored = render_step(&lab.files, &lab.lab, step, locale, &url);
            assert_eq!(&stored, lab.texts[&step.id].get(locale));
            assert!(!stored.as_str().is_empty());
        }
    }
}

#[test]
fn the_hash_follows_every_file_of_the_lab_and_no_other() {
    let dir = laid_out(None);
    let id = "first-lab".parse().unwrap();
    let hash = |dir: &tempfile::TempDir| {
        Catalog::load(dir.path(), &environments())
            .catalog
            .lab(&id)
            .unwrap()
            .hash
            .clone()
    };
    let before = hash(&dir);
    fs::write(
        dir.path().join("tea/basics/pouring.zh.md"),
        "---\ntitle: 新\nminutes: 3\n---\n新\n",
    )
    .unwrap();
    assert_eq!(hash(&dir), before);
    fs::write(
        dir.path()
            .join("tea/basics/first-lab/solution/leave-a-note.sh"),
        "echo other\n",
    )
    .unwrap();
    assert_ne!(hash(&dir), before);
}

#[test]
fn pictures_have_addresses_and_only_those_that_are_shown() {
    let dir = laid_out(None);
    let catalog = Catalog::load(dir.path(), &environments()).catalog;
    let tea = "tea".parse().unwrap();
    let lesson = &catalog.course(&tea).unwrap().lessons[&"pouring".parse().unwrap()];
    assert!(
        lesson
            .body
            .en
            .as_str()
            .contains("src=\"/assets/courses/tea/basics/images/pot.png\"")
    );
    assert!(catalog.asset(&tea, "basics/images/pot.png").is_some());
    assert!(
        catalog
            .asset(&tea, "basics/first-lab/solution/leave-a-note.sh")
            .is_none()
    );
    assert!(catalog.asset(&tea, "course.yaml").is_none());
}

#[test]
fn the_schemas_are_those_of_the_program() {
    assert_same(&repository().join("docs/lab.schema.json"), &schema::lab());
    assert_same(
        &repository().join("docs/course.schema.json"),
        &schema::course(),
    );
}

/// The first block of this language after a line with this text.
fn block(doc: &str, after: &str, language: &str) -> String {
    let rest = doc
        .split_once(after)
        .unwrap_or_else(|| panic!("no {after:?}"))
        .1;
    // Markdown that holds blocks itself stands between four backticks.
    let ticks = if language == "markdown" {
        "````"
    } else {
        "```"
    };
    let rest = rest.split_once(&format!("{ticks}{language}\n")).unwrap().1;
    rest.split_once(&format!("\n{ticks}")).unwrap().0.to_owned() + "\n"
}

fn validate(schema: &str, yaml: &str) {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let value: serde_json::Value = serde_saphyr::from_str(yaml).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_examples_of_the_reference_fit_schema_and_program() {
    let doc = fs::read_to_string(repository().join("docs/LAB-FORMAT.md")).unwrap();
    let lab = block(&doc, "## A whole lab", "yaml");
    validate(&schema::lab(), &lab);
    validate(&schema::course(), &block(&doc, "## `course.yaml`", "yaml"));

    // The recipe's lab, put together as the recipe says, lints without a word.
    let dir = laid_out(None);
    let folder = dir.path().join("tea/basics/second-lab");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir_all(folder.join("solution")).unwrap();
    fs::create_dir_all(folder.join("wrong")).unwrap();
    fs::write(
        folder.join("wrong/hello.sh"),
        block(&doc, "`wrong/hello.sh`", "bash"),
    )
    .unwrap();
    fs::write(
        folder.join("lab.yaml"),
        block(&doc, "## A lab in five minutes", "yaml"),
    )
    .unwrap();
    fs::write(
        folder.join("hello.zh.md"),
        block(&doc, "`hello.zh.md`", "markdown"),
    )
    .unwrap();
    fs::write(
        folder.join("hello.en.md"),
        block(&doc, "`hello.en.md`", "markdown"),
    )
    .unwrap();
    fs::write(
        folder.join("solution/hello.sh"),
        block(&doc, "`solution/hello.sh`", "bash"),
    )
    .unwrap();
    let result = lab_lint::lint(dir.path(), &environments(), None);
    assert_eq!(
        lab_lint::human(&result),
        "1 course, 2 labs: 0 errors, 0 warnings\n"
    );
}

#[test]
fn every_kind_of_check_in_the_reference_parses() {
    let doc = fs::read_to_string(repository().join("docs/LAB-FORMAT.md")).unwrap();
    let (_, kinds) = doc.split_once("## Checks").unwrap();
    let (kinds, _) = kinds.split_once("\n## ").unwrap();
    let mut seen = Vec::new();
    for part in kinds.split("```yaml\n").skip(1) {
        let yaml = part.split_once("\n```").unwrap().0;
        let checks: Vec<slipway::domain::check::Check> =
            serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{e}\n{yaml}"));
        seen.extend(checks.iter().map(|check| check.kind.name()));
    }
    for kind in [
        "file",
        "command",
        "http",
        "queue",
        "kubernetes",
        "docker",
        "go_test",
        "script",
    ] {
        assert!(seen.contains(&kind), "no example of {kind}");
    }
}

#[test]
fn a_file_s_hash_does_not_depend_on_the_folder_s_place() {
    let one = laid_out(None);
    let two = laid_out(None);
    let read = |dir: &tempfile::TempDir| {
        let mut problems = Vec::new();
        let files = folder::read(&dir.path().join("tea"), "tea", &|_| false, &mut problems);
        assert_eq!(problems, []);
        folder::hash(&files)
    };
    assert_eq!(read(&one), read(&two));
}

//! Which labs `slipway lab test` proves and `slipway lab measure` measures: all, those named, those
//! whose files changed, and a sample that goes round.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use clap::Args;

use crate::{
    content::{LoadedLab, Severity},
    domain::ids::Slug,
    lifecycle::StartError,
    sandbox::images::ImageCatalog,
    services::{App, sandboxes::images_of_lab},
};

/// What the command line says about it.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Choice {
    /// The labs; all when no choice is made at all.
    labs: Vec<String>,
    /// Every lab.
    #[arg(long, conflicts_with_all = ["labs", "changed_since", "sample"])]
    all: bool,
    /// The labs whose files, or whose images' files, differ from this Git revision.
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
    /// So many labs more, in turns: each commit's sample begins where the one before ended.
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
}

impl Choice {
    /// The labs that are chosen, by name.
    pub(super) fn of(&self, app: &App) -> Result<Vec<Slug>, StartError> {
        let loaded = app.loaded();
        for problem in loaded
            .problems
            .iter()
            .filter(|p| p.severity == Severity::Error)
        {
            eprintln!("{problem}");
        }
        let all: BTreeMap<Slug, &LoadedLab> = loaded
            .catalog
            .labs()
            .map(|lab| (lab.lab.id.clone(), lab))
            .collect();
        let everything =
            self.labs.is_empty() && self.changed_since.is_none() && self.sample.is_none();
        // A lab with mistakes is in no list: only who names labs may leave it out.
        if self.labs.is_empty() && crate::content::problem::any_error(&loaded.problems) {
            return Err(StartError::Usage("labs with mistakes: see above".into()));
        }
        if everything && all.is_empty() {
            return Err(StartError::Usage("there is no lab".into()));
        }
        let mut chosen = BTreeSet::new();
        if everything || self.all {
            chosen.extend(all.keys().cloned());
        }
        for name in &self.labs {
            let known = all.keys().find(|lab| lab.as_str() == name);
            let known = known.ok_or_else(|| StartError::Usage(format!("no lab `{name}`")))?;
            chosen.insert(known.clone());
        }
        let folder = &app.config.labs_dir;
        if let Some(revision) = &self.changed_since {
            let catalog = app.images.catalog();
            let changed = changed_files(folder, revision)?;
            for (name, lab) in &all {
                let place = format!("{}/{}/{name}", lab.course, lab.module);
                let images = images_of_lab(&lab.lab);
                if concerns(&changed, &place, &images, catalog) {
                    chosen.insert(name.clone());
                }
            }
        }
        if let Some(size) = self.sample {
            let names: Vec<Slug> = all.into_keys().collect();
            chosen.extend(sample(&names, commit_count(folder)?, size));
        }
        Ok(chosen.into_iter().collect())
    }
}

/// Whether any of the files is part of the lab or of an image that it needs.
fn concerns(
    changed: &[String],
    place: &str,
    images: &BTreeSet<Slug>,
    catalog: Option<&ImageCatalog>,
) -> bool {
    let needed: BTreeSet<&str> = images
        .iter()
        .flat_map(|image| {
            let bases = catalog.map_or_else(Vec::new, |catalog| catalog.with_bases(image));
            let bases = bases.into_iter().map(|image| image.name.as_str());
            std::iter::once(image.as_str()).chain(bases)
        })
        .collect();
    changed.iter().any(|file| {
        let below = |folder: &str| {
            file.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        match file.strip_prefix("images/") {
            Some(rest) => match rest.split_once('/') {
                Some((image, _)) => needed.contains(image),
                // Beside the images, for all of them: what makes their common base.
                None => true,
            },
            None => below(place),
        }
    })
}

/// `size` of the names; the next commit's begin where these end.
fn sample(names: &[Slug], commits: u64, size: usize) -> Vec<Slug> {
    let size = size.min(names.len());
    if size == 0 {
        return Vec::new();
    }
    let turn = commits % names.len() as u64;
    let start = usize::try_from(turn).unwrap_or_default() * size % names.len();
    let round = names.iter().cycle().skip(start);
    round.take(size).cloned().collect()
}

/// The files below the labs' folder that differ from a revision, new ones included; paths relative
/// to the folder.
fn changed_files(folder: &Path, revision: &str) -> Result<Vec<String>, StartError> {
    // Behind `--end-of-options`, a revision can't become an option.
    let diff = [
        "diff",
        "--name-only",
        "-z",
        "--relative",
        "--end-of-options",
    ];
    let diff = git(folder, diff.into_iter().chain([revision, "--", "."]))?;
    let new = git(
        folder,
        ["ls-files", "--others", "--exclude-standard", "-z"].into_iter(),
    )?;
    Ok([diff, new]
        .iter()
        .flat_map(|list| list.split('\0'))
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}

fn commit_count(folder: &Path) -> Result<u64, StartError> {
    let count = git(folder, ["rev-list", "--count", "HEAD"].into_iter())?;
    let count = count.trim().parse();
    count.map_err(|e| StartError::Usage(format!("git counts no commits: {e}")))
}

fn git<'a>(folder: &Path, args: impl Iterator<Item = &'a str>) -> Result<String, StartError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        .output();
    let output = output.map_err(|e| StartError::Usage(format!("git can't be run: {e}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        return Err(StartError::Usage(format!(
            "git can't tell what changed in {}: {said}",
            folder.display()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn slugs(names: &[&str]) -> Vec<Slug> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn samples_of_commits_in_a_row_come_round_to_every_lab() {
        let names = slugs(&["a", "b", "c", "d", "e"]);
        assert_eq!(sample(&names, 0, 2), slugs(&["a", "b"]));
        assert_eq!(sample(&names, 1, 2), slugs(&["c", "d"]));
        assert_eq!(sample(&names, 2, 2), slugs(&["e", "a"]));
        assert_eq!(sample(&names, u64::MAX, 99).len(), 5);
        assert_eq!(sample(&[], 7, 2), []);
        assert_eq!(sample(&names, 7, 0), []);
        for size in 1..=5 {
            let seen: BTreeSet<Slug> = (100..105).flat_map(|n| sample(&names, n, size)).collect();
            assert_eq!(seen.len(), 5, "{size}");
        }
    }

    #[test]
    fn a_lab_is_concerned_by_its_own_files_and_those_its_images_are_built_from() {
        let folder = tempfile::tempdir().unwrap();
        for (image, from) in [
            ("base", "debian:trixie-slim"),
            ("go", "slipway/base"),
            ("x", "scratch"),
        ] {
            fs::create_dir(folder.path().join(image)).unwrap();
            let text = format!("FROM {from}\n");
            fs::write(folder.path().join(image).join("Dockerfile"), text).unwrap();
        }
        let catalog = ImageCatalog::read(folder.path()).unwrap();
        let images = BTreeSet::from(["go".parse().unwrap()]);
        for (file, concerned) in [
            ("tea/basics/first-lab/lab.yaml", true),
            ("tea/basics/first-lab-two/lab.yaml", false),
            ("tea/basics/pouring.zh.md", false),
            ("images/go/Dockerfile", true),
            ("images/base/bashrc", true),
            ("images/x/Dockerfile", false),
            ("images/bootstrap-base", true),
        ] {
            let changed = [file.to_owned()];
            let seen = concerns(&changed, "tea/basics/first-lab", &images, Some(&catalog));
            assert_eq!(seen, concerned, "{file}");
        }
    }

    #[test]
    fn git_tells_changed_and_new_files_below_the_folder() {
        let repository = tempfile::tempdir().unwrap();
        let run = |args: &[&str]| {
            let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
            git(repository.path(), identity.iter().chain(args).copied()).unwrap()
        };
        run(&["init", "-q"]);
        let labs = repository.path().join("labs");
        fs::create_dir(&labs).unwrap();
        fs::write(labs.join("one"), "1").unwrap();
        fs::write(repository.path().join("elsewhere"), "1").unwrap();
        run(&["add", "."]);
        run(&["commit", "-q", "-m", "first"]);
        fs::write(labs.join("one"), "2").unwrap();
        fs::write(labs.join("two words"), "1").unwrap();
        fs::write(repository.path().join("elsewhere"), "2").unwrap();
        let mut changed = changed_files(&labs, "HEAD").unwrap();
        changed.sort();
        assert_eq!(changed, ["one", "two words"]);
        assert_eq!(commit_count(&labs).unwrap(), 1);
        assert!(changed_files(&labs, "no-such-revision").is_err());
        assert!(changed_files(&labs, "--output=x").is_err());
    }
}

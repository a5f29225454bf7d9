//! `go_test:` hidden tests pass against a copy of the learner's code.
//!
//! The code is read once, as the learner, and judged elsewhere: in the workbench, a machine that
//! the learner can't enter, where it is built by root and run as nobody in particular. So the
//! evidence is the code itself (of kind *artifact*). What the code does while it is tested is
//! still its author's: see [`harness`] for what is done against code that forges its own results,
//! and for what is not.

mod harness;
mod source;

use std::time::Duration;

use slipway_agent::protocol::{ExecOutcome, ExecStatus};

use crate::domain::{
    check::{GoTestCheck, RunAs, WORKBENCH},
    ids::Slug,
};

use super::{
    command::note,
    evidence::{Evidence, escape},
    look::{Finding, Stop},
    machines::Machines,
    messages,
    nonce::Nonces,
    reach::{self, Trouble},
    runner::LabFiles,
};

use harness::{Verdict, Words};
use source::Source;

/// The script ended because the code does not build.
const NOT_BUILT: i32 = 10;
/// Most lines of the compiler's that a learner is told, and most characters of each.
const MAX_LINES: usize = 4;
const MAX_LINE: usize = 160;

/// Builds as root, in folders that only root can enter, with nothing of the learner's environment;
/// then runs the program as an ordinary user, which can neither read it nor what it was built from.
/// Flags that change how packages are compiled (`-trimpath`) would build the whole library anew.
const RUN: &str = r#"set -u
work=$(mktemp -d /var/tmp/slipway.XXXXXXXX) || exit 11
trap 'rm -rf "$work"' EXIT
chmod 0711 "$work"
mkdir -m 0700 "$work/src" && mkdir -m 0755 "$work/run" || exit 11
tar -xf "$SLIPWAY_DIR/code.tar" -C "$work/src" --no-same-owner || exit 11
export GOCACHE=/var/tmp/slipway-go-build GOPATH="$work/src/.gopath" GOENV=off GOWORK=off \
    GOFLAGS=-buildvcs=false GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOTELEMETRY=off CGO_ENABLED=0
if [ ! -e "$GOCACHE/.slipway" ]; then
    mkdir -p -m 0700 "$GOCACHE" && cp -rsf /usr/lib/slipway/go-build/. "$GOCACHE"/ || exit 11
    touch "$GOCACHE/.slipway"
fi
cd "$work/src/$SLIPWAY_PACKAGE" || exit 11
/usr/bin/go test -c -vet=off -ldflags='-s -w' -o "$work/program" . >&2 || exit 10
chmod 0711 "$work/program"
cd / && rm -rf "$work/src"
tar -xf "$SLIPWAY_DIR/run.tar" -C "$work/run" --no-same-owner || exit 11
mkdir -p "$work/run/$SLIPWAY_PACKAGE" && chown -R 1000:1000 "$work/run"
(
    cd "$work/run/$SLIPWAY_PACKAGE" || exit 11
    exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --inh-caps=-all \
        --bounding-set=-all env -i PATH=/usr/bin:/bin HOME="$work/run" LANG=C.UTF-8 TMPDIR="$work/run" \
        "$work/program" -test.run "^$SLIPWAY_TEST\$" -test.v
) 3>&1 1>&2 </dev/null
exit 0
"#;

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &GoTestCheck,
    files: &LabFiles,
    nonces: &Nonces,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let code = source::read(machines, machine, &check.folder).await?;
    evidence.line(
        "code",
        format_args!("{} files of {} in {machine}", code.len(), check.folder),
    );
    let hidden: Vec<String> = check.files.keys().cloned().collect();
    if let Some(file) = harness::embeds_hidden(&code, &hidden) {
        evidence.line(
            "refused",
            format_args!("{file} embeds what could be hidden"),
        );
        return Ok(Finding::unmet("folder", messages::code_embeds(file)));
    }
    let words = Words::new(|| nonces.next());
    let (built, run) = archives(check, files, code, &words)?;
    let workbench: Slug = WORKBENCH
        .parse()
        .map_err(|_| Stop::Lab(format!("`{WORKBENCH}` is no name")))?;
    let argv = ["/bin/sh", "-c", RUN].map(str::to_owned);
    let request = reach::request(RunAs::Root, argv, "/", within)
        .env("SLIPWAY_PACKAGE", check.package())
        .env("SLIPWAY_TEST", &words.test())
        .file("code.tar", 0o400, built)
        .file("run.tar", 0o400, run);
    let outcome = reach::exec(machines, &workbench, &request).await?;
    note(&outcome, evidence);
    judge(check, &words, &outcome, within)
}

/// What is built, and what the program finds in its folder.
fn archives(
    check: &GoTestCheck,
    files: &LabFiles,
    mut code: Source,
    words: &Words,
) -> Result<(Vec<u8>, Vec<u8>), Stop> {
    let pack = |code: &Source| tar(code).map_err(|e| Stop::Lab(e.to_string()));
    for path in check.files.keys() {
        code.remove(path);
    }
    let run = pack(&code)?;
    let mut package = None;
    for (target, name) in &check.files {
        let content = files
            .get(name)
            .ok_or_else(|| Stop::Lab(format!("the file `{name}` is missing")))?;
        if target.ends_with("_test.go") && package.is_none() {
            package = harness::package_of(content).map(str::to_owned);
        }
        code.insert(target.clone(), content.clone());
    }
    let package =
        package.ok_or_else(|| Stop::Lab("no hidden test names its package".to_owned()))?;
    let ours = match check.package() {
        "" => format!("slipway_{}_test.go", words.name),
        folder => format!("{folder}/slipway_{}_test.go", words.name),
    };
    let source = harness::source(words, &package, &check.tests);
    code.insert(ours, source.into_bytes());
    Ok((pack(&code)?, run))
}

fn tar(files: &Source) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    archive.into_inner()
}

fn judge(
    check: &GoTestCheck,
    words: &Words,
    outcome: &ExecOutcome,
    within: Duration,
) -> Result<Finding, Stop> {
    match &outcome.status {
        ExecStatus::Exited { code: 0 } => {}
        ExecStatus::Exited { code: NOT_BUILT } => {
            let said = compiler(&outcome.stderr, check);
            return Ok(Finding::unmet("builds", messages::code_not_built(&said)));
        }
        ExecStatus::TimedOut => {
            let text = messages::go_test_too_long(within.as_secs());
            return Ok(Finding::unmet("tests", text));
        }
        status => {
            let reason = format!("the workbench failed: {status:?}");
            return Err(Trouble::Ours(reason).into());
        }
    }
    let verdicts = harness::verdicts(words, &check.tests, &outcome.stdout)
        .filter(|_| !outcome.stdout_truncated);
    let Some(verdicts) = verdicts else {
        return Ok(Finding::unmet("tests", messages::go_test_forged()));
    };
    let verdict = |name: &String| verdicts.iter().find(|(seen, _)| seen == name);
    for name in &check.tests {
        let text = match verdict(name) {
            Some((_, Verdict::Passed)) => continue,
            Some((_, Verdict::Failed)) => messages::go_test_fails(name),
            None => messages::go_test_not_ended(name, panic_of(&outcome.stderr).as_deref()),
        };
        return Ok(Finding::unmet(format!("tests.{name}"), text));
    }
    Ok(Finding::Passed)
}

/// The first complaints of the compiler, without names of files that the learner does not have.
fn compiler(stderr: &[u8], check: &GoTestCheck) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("FAIL"));
    lines
        .map(|line| {
            let ours = check.files.keys().any(|file| {
                let name = file.rsplit('/').next().unwrap_or(file);
                line.contains(name)
            });
            match line.split_once(": ") {
                Some((_, complaint)) if ours || line.contains("slipway_") => {
                    format!("(test): {complaint}")
                }
                _ => line.to_owned(),
            }
        })
        .map(|line| escape(&line).chars().take(MAX_LINE).collect())
        .take(MAX_LINES)
        .collect()
}

/// What the program said when it fell over.
fn panic_of(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let line = text
        .lines()
        .find(|line| line.starts_with("panic: ") || line.starts_with("fatal error: "))?;
    Some(escape(line).chars().take(MAX_LINE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::check::CheckKind, grading::testing::check_kind};

    fn check() -> GoTestCheck {
        let yaml = "go_test: {folder: shop, files: {hidden_test.go: checks/hidden_test.go}, tests: [TestOne]}";
        match check_kind(yaml) {
            CheckKind::GoTest(check) => check,
            other => panic!("{other:?}"),
        }
    }

    fn ended(code: i32, stdout: &str, stderr: &str) -> ExecOutcome {
        ExecOutcome {
            status: ExecStatus::Exited { code },
            stdout: stdout.into(),
            stderr: stderr.into(),
            stdout_truncated: false,
            stderr_truncated: false,
            duration_ms: 1,
        }
    }

    fn judged(outcome: &ExecOutcome) -> (String, String) {
        let words = words();
        match judge(&check(), &words, outcome, Duration::from_secs(9)).unwrap() {
            Finding::Failed {
                condition,
                observation,
            } => (condition, observation.unwrap().en),
            other => (format!("{other:?}"), String::new()),
        }
    }

    fn words() -> Words {
        Words::new(|| "abcdefghijkmnopq".to_owned())
    }

    #[test]
    fn only_a_test_that_has_ended_well_passes() {
        let key = words().key();
        let passed = ended(0, &format!("{key} TestOne passed\n"), "");
        assert_eq!(judged(&passed).0, "Passed");
        let failed = ended(0, &format!("{key} TestOne failed\n"), "");
        assert_eq!(judged(&failed).0, "tests.TestOne");
        let left = ended(0, "", "--- PASS: TestOne\nPASS\n");
        assert_eq!(judged(&left).0, "tests.TestOne");
        let panicked = judged(&ended(0, "", "panic: boom\u{1b}[2J\n\ngoroutine 1\n"));
        assert!(panicked.1.contains("panic: boom\\u{1b}[2J"), "{panicked:?}");
        assert_eq!(judged(&ended(0, "TestOne passed\n", "")).0, "tests");
        let mut flooded = passed;
        flooded.stdout_truncated = true;
        assert_eq!(judged(&flooded).0, "tests");
        let ours = judge(&check(), &words(), &ended(11, "", ""), Duration::ZERO);
        assert!(matches!(ours, Err(Stop::Trouble(Trouble::Ours(_)))));
    }

    #[test]
    fn a_compiler_s_complaint_is_told_without_the_hidden_file() {
        let stderr = "# example.org/shop [example.org/shop.test]\n./shop.go:3:2: undefined: x\n\
                      ./hidden_test.go:9:14: undefined: Total\nFAIL\texample.org/shop [build failed]\n";
        let (condition, said) = judged(&ended(NOT_BUILT, "", stderr));
        assert_eq!(condition, "builds");
        assert!(said.contains("./shop.go:3:2: undefined: x"), "{said}");
        assert!(said.contains("(test): undefined: Total"), "{said}");
        assert!(!said.contains("hidden_test"), "{said}");
    }

    #[test]
    fn the_program_finds_the_learner_s_files_and_not_the_hidden_ones() {
        let files = LabFiles::from([(
            "checks/hidden_test.go".to_owned(),
            b"package shop\n".to_vec(),
        )]);
        let code = Source::from([
            ("shop.go".to_owned(), b"package shop\n".to_vec()),
            ("hidden_test.go".to_owned(), b"package forged\n".to_vec()),
        ]);
        let (built, run) = archives(&check(), &files, code, &words()).unwrap();
        let names = |archive: &[u8]| -> Vec<String> {
            let mut archive = tar::Archive::new(archive);
            let entries = archive.entries().unwrap();
            entries
                .map(|entry| entry.unwrap().path().unwrap().display().to_string())
                .collect()
        };
        assert_eq!(names(&run), ["shop.go"]);
        let built = names(&built);
        assert_eq!(built[..2], ["hidden_test.go", "shop.go"]);
        assert!(built[2].starts_with("slipway_"));
    }
}

//! Checks: what they name exists, and what they ask can be so.

use regex::Regex;

use super::{LabContext, Report, kubernetes, machines, queue};
use crate::domain::{
    check::{
        Check, CheckKind, CommandCheck, DockerCheck, FileCheck, GoTestCheck, HttpCheck, NONCE,
        Range, TextMatch,
    },
    ids::Slug,
    lab::Profile,
};

/// The longest that a check may keep a learner waiting, in seconds, with all its retries.
const LONGEST_WAIT: u64 = 300;

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    for (s, step) in context.lab.steps.iter().enumerate() {
        for (c, check) in step.checks.iter().enumerate() {
            one(context, &format!("steps[{s}].checks[{c}]"), check, report);
        }
    }
}

fn one(context: &LabContext<'_>, at: &str, check: &Check, report: &mut Report<'_>) {
    let at = format!("{at}.{}", check.kind.name());
    if let Some(machine) = check.kind.machine() {
        machines::known(context, &format!("{at}.machine"), machine, report);
    }
    let looks = u64::from(check.retries) + 1;
    let wait = looks * check.timeout.duration().as_secs() + u64::from(check.retries);
    if wait > LONGEST_WAIT {
        report.warning(
            "slow-check",
            &at,
            format!(
                "with its retries the check `{}` may take {wait} s",
                check.id
            ),
            format!("keep timeout and retries below {LONGEST_WAIT} s in all"),
        );
    }
    match &check.kind {
        CheckKind::File(file) => file_check(&at, file, report),
        CheckKind::Command(command) => command_check(&at, command, report),
        CheckKind::Http(http) => http_check(context, &at, http, report),
        CheckKind::Queue(queue) => queue::check(context, &at, queue, report),
        CheckKind::Kubernetes(kubernetes) => kubernetes::check(context, &at, kubernetes, report),
        CheckKind::GoTest(test) => go_test_check(&at, test, report),
        CheckKind::Docker(docker) => docker_check(context, &at, docker, report),
        // Its file and its messages have rules of their own.
        CheckKind::Script(script) => {
            if !script.node_ports.is_empty() && context.lab.kubernetes.is_none() {
                report.error(
                    "no-cluster",
                    &format!("{at}.node_ports"),
                    "the lab has no cluster whose nodes could have ports",
                    "leave out `node_ports`, or ask for a cluster with `kubernetes`",
                );
            }
        }
    }
}

fn file_check(at: &str, check: &FileCheck, report: &mut Report<'_>) {
    machine_path(&format!("{at}.path"), &check.path, report);
    if let Some(content) = &check.content {
        text_match(&format!("{at}.content"), content, report);
        if !check.exists {
            report.error(
                "contradiction",
                &format!("{at}.content"),
                "a file that must not exist can't have content",
                "remove `content`, or `exists: false`",
            );
        }
    }
}

/// A path in a machine: absolute or relative to the learner's home, without detours.
fn machine_path(at: &str, path: &str, report: &mut Report<'_>) {
    let detour = path.split('/').any(|part| part == "..");
    if path.trim().is_empty() || detour || path.contains('\0') || path.starts_with('~') {
        report.error(
            "path",
            at,
            format!("`{path}` can't be the path of a file in a machine"),
            "write it absolute, or relative to the learner's home without `~` and `..`",
        );
    }
}

fn command_check(at: &str, check: &CommandCheck, report: &mut Report<'_>) {
    match check.run.first() {
        Some(program) if program.starts_with('/') => {}
        Some(program) => report.error(
            "command-path",
            &format!("{at}.run"),
            format!("the program `{program}` has no absolute path, so a learner could put another in its place"),
            "write where the image has it, as in `/usr/bin/go`",
        ),
        None => report.error(
            "command-path",
            &format!("{at}.run"),
            "there is no command",
            "write the program and its arguments: `run: [/usr/bin/go, version]`",
        ),
    }
    if check.run.iter().any(|word| word.contains('\0')) {
        report.error(
            "command-path",
            &format!("{at}.run"),
            "a word of the command contains NUL",
            "remove it",
        );
    }
    if let Some(cwd) = &check.cwd {
        machine_path(&format!("{at}.cwd"), cwd, report);
    }
    if let Some(stdout) = &check.stdout {
        text_match(&format!("{at}.stdout"), stdout, report);
    }
}

fn http_check(context: &LabContext<'_>, at: &str, check: &HttpCheck, report: &mut Report<'_>) {
    if check.container.is_some() {
        let at = format!("{at}.container");
        engine_of(context, &at, check.machine.as_ref(), report);
        if check.expect.refused {
            report.error(
                "http-container",
                &at,
                "a port on which nothing answers has no container either",
                "leave out `container` or `refused`",
            );
        }
    }
    if !check.path.starts_with('/') || check.path.contains(char::is_whitespace) {
        report.error(
            "http-path",
            &format!("{at}.path"),
            format!("`{}` is not a path of an address", check.path),
            "begin it with `/` and encode white space as `%20`",
        );
    }
    if check.port == 0 {
        report.error(
            "port",
            &format!("{at}.port"),
            "0 is not a port",
            "write 1 to 65535",
        );
    }
    if check.method.is_empty() || !check.method.chars().all(|c| c.is_ascii_uppercase()) {
        report.error(
            "http-method",
            &format!("{at}.method"),
            format!("`{}` is not a method", check.method),
            "write it in capitals, as in `POST`",
        );
    }
    let expect = &check.expect;
    for name in check.headers.keys().chain(expect.headers.keys()) {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(fine) {
            report.error(
                "http-header",
                at,
                format!("`{name}` is not the name of a header"),
                "write a name such as `content-type`",
            );
        }
    }
    for (name, wanted) in &expect.headers {
        if name.chars().any(|c| c.is_ascii_uppercase()) {
            report.error(
                "http-header",
                &format!("{at}.expect.headers.{name}"),
                format!("`{name}` has capitals, but names of headers are compared in lower case"),
                format!("write `{}`", name.to_ascii_lowercase()),
            );
        }
        text_match(&format!("{at}.expect.headers.{name}"), wanted, report);
    }
    if let Some(body) = &expect.body {
        text_match(&format!("{at}.expect.body"), body, report);
    }
    if let Some(status) = expect.status.filter(|status| !(100..=599).contains(status)) {
        report.error(
            "http-status",
            &format!("{at}.expect.status"),
            format!("{status} is not a status"),
            "write 100 to 599",
        );
    }
    if let Some(repeat) = &check.repeat {
        if !(2..=100).contains(&repeat.times) {
            report.error(
                "http-repeat",
                &format!("{at}.repeat.times"),
                format!("{} is not a sensible number of requests", repeat.times),
                "write 2 to 100",
            );
        }
        range(&format!("{at}.repeat.distinct"), repeat.distinct, report);
        range(&format!("{at}.repeat.each"), repeat.each, report);
        if let Some(pick) = &repeat.pick {
            pattern(&format!("{at}.repeat.pick"), pick, report);
        }
        if expect.refused {
            report.error(
                "contradiction",
                &format!("{at}.repeat"),
                "where nothing answers there are no answers to compare",
                "remove `refused`, or `repeat`",
            );
        }
    }
    let asks = expect.status.is_some() || expect.body.is_some() || !expect.headers.is_empty();
    if expect.refused && asks {
        report.error(
            "contradiction",
            &format!("{at}.expect"),
            "where nothing answers there is no status, body or header",
            "remove `refused`, or the other expectations",
        );
    }
}

/// A machine that a check believes to have a nested engine.
fn engine_of(context: &LabContext<'_>, at: &str, machine: Option<&Slug>, report: &mut Report<'_>) {
    let machine = context.lab.machine(machine);
    if let Some(machine) = machine.filter(|m| m.profile != Profile::Docker) {
        report.error(
            "docker-profile",
            at,
            format!(
                "the machine `{}` has the profile `{}` and therefore no Docker engine",
                machine.name,
                machine.profile.as_str()
            ),
            "name a machine with `profile: docker`",
        );
    }
}

fn docker_check(context: &LabContext<'_>, at: &str, check: &DockerCheck, report: &mut Report<'_>) {
    engine_of(context, at, check.machine.as_ref(), report);
    let objects = [
        check.container.is_some(),
        check.image.is_some(),
        check.network.is_some(),
        check.volume.is_some(),
    ];
    if objects.into_iter().filter(|given| *given).count() != 1 {
        report.error(
            "docker-object",
            at,
            "a docker check asks for exactly one of `container`, `image`, `network` and `volume`",
            "keep one of them; write a check for each",
        );
    }
    range(&format!("{at}.count"), check.count, report);
    if let Some(container) = &check.container {
        if container.published_port == Some(0) {
            report.error(
                "port",
                &format!("{at}.container.published_port"),
                "0 is not a port",
                "write 1 to 65535",
            );
        }
        range(
            &format!("{at}.container.restarts"),
            container.restarts,
            report,
        );
        range(
            &format!("{at}.container.memory_mib"),
            container.memory_mib,
            report,
        );
        if let Some(user) = &container.user {
            text_match(&format!("{at}.container.user"), user, report);
        }
        if container.running == Some(true) && container.exit_code.is_some() {
            report.error(
                "contradiction",
                &format!("{at}.container"),
                "a running container has no exit code",
                "remove `running: true`, or `exit_code`",
            );
        }
    }
    if let Some(image) = &check.image {
        range(&format!("{at}.image.size_mib"), image.size_mib, report);
        range(&format!("{at}.image.layers"), image.layers, report);
        for (name, wanted) in [("user", &image.user), ("history", &image.history)] {
            if let Some(wanted) = wanted {
                text_match(&format!("{at}.image.{name}"), wanted, report);
            }
        }
        if image.name.trim().is_empty() {
            report.error(
                "docker-object",
                &format!("{at}.image.name"),
                "the image's name is empty",
                "write `name` or `name:tag`",
            );
        }
    }
}

fn go_test_check(at: &str, check: &GoTestCheck, report: &mut Report<'_>) {
    machine_path(&format!("{at}.folder"), &check.folder, report);
    let package = check.package();
    let hidden = check.files.keys().filter(|path| path.ends_with("_test.go"));
    let folders = hidden.map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder));
    if check.files.keys().all(|path| !path.ends_with("_test.go")) {
        report.error(
            "go-test",
            &format!("{at}.files"),
            "there is no hidden test",
            "add a file whose name ends with `_test.go`",
        );
    }
    if folders.into_iter().any(|folder| folder != package) {
        report.error(
            "go-test",
            &format!("{at}.files"),
            "the hidden tests belong to several packages",
            "keep them in one folder; write a check for each package",
        );
    }
    let is_test = |name: &String| {
        name.strip_prefix("Test").is_some_and(|rest| {
            !rest.starts_with(char::is_lowercase)
                && rest.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
    };
    if check.tests.is_empty() || !check.tests.iter().all(is_test) {
        report.error(
            "go-test",
            &format!("{at}.tests"),
            "these are not the names of tests",
            "name at least one function such as `TestTotal`",
        );
    }
}

pub(super) fn text_match(at: &str, wanted: &TextMatch, report: &mut Report<'_>) {
    let TextMatch {
        equals,
        contains,
        excludes,
        matches,
    } = wanted;
    if [equals, contains, excludes, matches]
        .iter()
        .all(|c| c.is_none())
    {
        report.warning(
            "empty-condition",
            at,
            "no condition is given, so every text fits",
            "add `equals`, `contains`, `excludes` or `matches`, or remove it",
        );
    }
    for (name, condition) in [
        ("contains", contains),
        ("excludes", excludes),
        ("matches", matches),
    ] {
        if condition.as_deref() == Some("") {
            report.error(
                "empty-condition",
                &format!("{at}.{name}"),
                format!("`{name}` is empty"),
                "write what to look for",
            );
        }
    }
    if let Some(wanted) = matches {
        pattern(&format!("{at}.matches"), wanted, report);
    }
}

fn pattern(at: &str, pattern: &str, report: &mut Report<'_>) {
    // The grader puts a random word of letters and digits there before it reads the pattern.
    if let Err(e) = Regex::new(&pattern.replace(NONCE, "n0nce")) {
        let why = e.to_string();
        let why = why.lines().last().unwrap_or_default().trim();
        report.error(
            "regex",
            at,
            format!(
                "`{pattern}` is not a regular expression: {}",
                why.trim_start_matches("error: ")
            ),
            "the syntax is that of the Rust crate `regex`; put the pattern in single quotes",
        );
    }
}

pub(super) fn range(at: &str, range: Option<Range>, report: &mut Report<'_>) {
    match range {
        Some(Range {
            min: Some(min),
            max: Some(max),
        }) if min > max => report.error(
            "range",
            at,
            format!("no number is at least {min} and at most {max}"),
            "swap the two",
        ),
        Some(Range {
            min: None,
            max: None,
        }) => report.warning(
            "empty-condition",
            at,
            "neither `min` nor `max` is given, so every number fits",
            "add one, or remove it",
        ),
        _ => {}
    }
}

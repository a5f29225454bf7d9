//! Checks: what they name exists, and what they ask can be so.

use regex::Regex;

use super::{LabContext, Report, machines};
use crate::domain::{
    check::{
        Check, CheckKind, CommandCheck, DockerCheck, FileCheck, HttpCheck, QueueCheck, Range,
        TextMatch,
    },
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
        CheckKind::Http(http) => http_check(&at, http, report),
        CheckKind::Queue(queue) => queue_check(context, &at, queue, report),
        CheckKind::Docker(docker) => docker_check(context, &at, docker, report),
        // Its file and its messages have rules of their own.
        CheckKind::Script(_) => {}
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

fn http_check(at: &str, check: &HttpCheck, report: &mut Report<'_>) {
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

fn queue_check(context: &LabContext<'_>, at: &str, check: &QueueCheck, report: &mut Report<'_>) {
    if check.name.is_empty() || check.name.len() > 255 {
        report.error(
            "queue-name",
            &format!("{at}.name"),
            "a queue's name has 1 to 255 bytes",
            "write the name the learner is asked to use",
        );
    }
    let ranges = [
        ("ready", check.ready),
        ("unacknowledged", check.unacknowledged),
        ("consumers", check.consumers),
        ("published", check.published),
        ("acknowledged", check.acknowledged),
        ("redelivered", check.redelivered),
    ];
    for (name, bounds) in ranges {
        range(&format!("{at}.{name}"), bounds, report);
    }
    let asks = check.durable.is_some() || ranges.iter().any(|(_, bounds)| bounds.is_some());
    if !check.exists && asks {
        report.error(
            "contradiction",
            at,
            "a queue that must not exist has no messages, consumers or durability",
            "remove `exists: false`, or the other conditions",
        );
    }
    if check.machine.is_none() && context.lab.machines.len() > 1 {
        report.warning(
            "queue-machine",
            at,
            "no `machine` is named, so the broker is looked for on the lab's first machine",
            "name the broker's machine, as in `machine: broker`",
        );
    }
}

fn docker_check(context: &LabContext<'_>, at: &str, check: &DockerCheck, report: &mut Report<'_>) {
    let machine = context.lab.machine(check.machine.as_ref());
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
    if check.container.is_some() == check.image.is_some() {
        report.error(
            "docker-object",
            at,
            "a docker check asks for exactly one of `container` and `image`",
            "keep one of them; write two checks for both",
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

fn text_match(at: &str, wanted: &TextMatch, report: &mut Report<'_>) {
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
    if let Some(pattern) = matches
        && let Err(e) = Regex::new(pattern)
    {
        let why = e.to_string();
        let why = why.lines().last().unwrap_or_default().trim();
        report.error(
            "regex",
            &format!("{at}.matches"),
            format!(
                "`{pattern}` is not a regular expression: {}",
                why.trim_start_matches("error: ")
            ),
            "the syntax is that of the Rust crate `regex`; put the pattern in single quotes",
        );
    }
}

fn range(at: &str, range: Option<Range>, report: &mut Report<'_>) {
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

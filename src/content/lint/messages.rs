//! Messages: each belongs to a condition that can fail, and each wrong solution to messages.

use std::collections::BTreeMap;

use super::{LabContext, Report, texts};
use crate::{
    content::problem::suggestion,
    domain::{
        check::{Check, CheckKind, FAIL, Range, TextMatch},
        cluster::NODES,
        ids::Slug,
        lab::Step,
    },
};

/// How many must match when a check does not say.
const AT_LEAST_ONE: Range = Range {
    min: Some(1),
    max: None,
};

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    for (s, step) in context.lab.steps.iter().enumerate() {
        for (c, check) in step.checks.iter().enumerate() {
            texts_of(context, &format!("steps[{s}].checks[{c}]"), check, report);
        }
        wrong(&format!("steps[{s}].wrong"), step, report);
    }
    let steps = &context.lab.steps;
    if !steps.is_empty() && steps.iter().all(|step| step.wrong.is_none()) {
        report.warning(
            "no-wrong-solution",
            "steps",
            "no step has a wrong solution, so nothing proves what learners are told who err",
            "add `wrong: {script: …, fails: {…}}` with a typical mistake to one step",
        );
    }
}

fn texts_of(context: &LabContext<'_>, at: &str, check: &Check, report: &mut Report<'_>) {
    for (key, text) in &check.messages {
        let place = place(report, at, key);
        texts::text(report, &place, text);
        if key == FAIL || key.is_empty() {
            report.error(
                "message-key",
                &place,
                format!("`{key}` can't be the key of a message"),
                "choose another word",
            );
        }
    }
    if let CheckKind::Script(script) = &check.kind {
        let Some(file) = context.files.get(&script.file) else {
            return; // told by the rules for files
        };
        let printed = printed(&String::from_utf8_lossy(file));
        compare_with_script(at, check, &script.file, &printed, report);
        return;
    }
    let names = conditions(&check.kind);
    for said in said(&check.kind) {
        if !check.messages.contains_key(said) {
            report.warning(
                "message-key",
                at,
                format!(
                    "a condition of the check `{}` says `{said}`, which is not there",
                    check.id
                ),
                format!("add `{said}:` with both texts to `messages`"),
            );
        }
    }
    for key in check.messages.keys().filter(|key| !names.contains(key)) {
        let place = place(report, at, key);
        report.warning(
            "message-key",
            &place,
            format!(
                "no condition of the check `{}` is called `{key}`, so nobody is told this text",
                check.id
            ),
            suggestion(key, names.iter().map(String::as_str)),
        );
    }
}

/// Where a message is written: the texts of a script may stand beside it.
fn place(report: &Report<'_>, at: &str, key: &str) -> String {
    let beside = format!("{at}.script.messages.{key}");
    if report.positions.has(&beside) {
        beside
    } else {
        format!("{at}.messages.{key}")
    }
}

fn compare_with_script(
    at: &str,
    check: &Check,
    file: &str,
    printed: &BTreeMap<String, usize>,
    report: &mut Report<'_>,
) {
    for (key, line) in printed {
        if !check.messages.contains_key(key) {
            report.warning(
                "script-message",
                &format!("{at}.script"),
                format!("line {line} of `{file}` picks the message `{key}`, which is not there"),
                format!("add `{key}:` with both texts to `messages`"),
            );
        }
    }
    for key in check.messages.keys() {
        if !printed.contains_key(key) {
            let place = place(report, at, key);
            report.warning(
                "script-message",
                &place,
                format!("`{file}` never prints `message: {key}`"),
                "print it where it fits, or remove the text",
            );
        }
    }
}

/// The keys in `message: <key>` of a script, and the line of the first.
fn printed(script: &str) -> BTreeMap<String, usize> {
    let mut picked = BTreeMap::new();
    for (n, line) in script.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for rest in line.split("message: ").skip(1) {
            let key: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || "-_".contains(*c))
                .collect();
            if !key.is_empty() {
                picked.entry(key).or_insert(n + 1);
            }
        }
    }
    picked
}

/// The texts that conditions name themselves.
fn said(kind: &CheckKind) -> Vec<&str> {
    match kind {
        CheckKind::Queue(check) => {
            let bindings = check.bindings.iter();
            bindings.filter_map(|b| b.say.as_deref()).collect()
        }
        CheckKind::Kubernetes(check) => {
            let fields = check.conditions.iter();
            fields.filter_map(|f| f.say.as_deref()).collect()
        }
        _ => Vec::new(),
    }
}

/// The names of a check's conditions, coarse and fine.
fn conditions(kind: &CheckKind) -> Vec<String> {
    let mut names = Names(Vec::new());
    match kind {
        CheckKind::File(check) => {
            names.add(&["exists", "path"]);
            names.text("content", check.content.as_ref());
        }
        CheckKind::Command(check) => {
            names.add(&["run", "exit"]);
            names.text("stdout", check.stdout.as_ref());
        }
        CheckKind::Http(check) => {
            let expect = &check.expect;
            if expect.refused {
                names.add(&["refused", "port"]);
            } else {
                names.add(&["port", "answer", "status"]);
            }
            for name in expect.headers.keys() {
                names.add(&["headers", &format!("headers.{name}")]);
            }
            names.text("body", expect.body.as_ref());
            let machine = check.machine.as_ref().map(Slug::as_str);
            names.given("nodes", machine == Some(NODES));
            if check.container.is_some() {
                names.add(&["container", "engine"]);
            }
            if let Some(repeat) = &check.repeat {
                names.range("distinct", repeat.distinct);
                names.range("each", repeat.each);
            }
        }
        CheckKind::Queue(check) => {
            names.given("exists", !check.name.is_empty());
            for argument in check.arguments.keys() {
                names.add(&["arguments", &format!("arguments.{argument}")]);
            }
            if let Some(exchange) = &check.exchange {
                names.add(&["exchange", "exchange.name"]);
                names.given("exchange.type", exchange.kind.is_some());
                names.given("exchange.durable", exchange.durable.is_some());
            }
            for binding in &check.bindings {
                names.add(&[binding.say.as_deref().unwrap_or("bindings")]);
            }
            if let Some(probe) = &check.probe {
                names.add(&["probe", "probe.exchange"]);
                names.given("probe.reaches", !probe.reaches.is_empty());
                names.given("probe.misses", !probe.misses.is_empty());
            }
            names.given("group", check.group.is_some());
            names.given("consumer", check.consumer.is_some());
            names.given("subject", check.subject.is_some());
            names.range("length", check.length);
            names.range("pending", check.pending);
            names.range("lag", check.lag);
            names.range("messages", check.messages);
            names.range("delivered", check.delivered);
            names.given("durable", check.durable.is_some());
            names.range("ready", check.ready);
            names.range("unacknowledged", check.unacknowledged);
            names.range("consumers", check.consumers);
            names.range("published", check.published);
            names.range("acknowledged", check.acknowledged);
            names.range("redelivered", check.redelivered);
        }
        CheckKind::Kubernetes(check) => {
            names.add(&["nodes"]);
            names.given("name", check.name.is_some());
            for condition in &check.conditions {
                names.add(&[condition.say.as_deref().unwrap_or("where")]);
            }
            for kind in check.condition.keys() {
                names.add(&["condition", &format!("condition.{kind}")]);
            }
            names.range("count", Some(check.count.unwrap_or(AT_LEAST_ONE)));
        }
        CheckKind::Docker(check) => {
            names.add(&["engine"]);
            if let Some(container) = &check.container {
                names.given("name", container.name.is_some());
                names.given("image", container.image.is_some());
                names.given("running", container.running.is_some());
                names.given("exit_code", container.exit_code.is_some());
                names.given("published_port", container.published_port.is_some());
                names.given("networks", !container.networks.is_empty());
                names.given("volume", container.volume.is_some());
                names.given("healthy", container.healthy.is_some());
                names.given("restarts", container.restarts.is_some());
                names.given("memory_mib", container.memory_mib.is_some());
                names.given("user", container.user.is_some());
                names.given("labels", !container.labels.is_empty());
            }
            if let Some(image) = &check.image {
                names.add(&["name"]);
                names.given("size_mib", image.size_mib.is_some());
                names.given("exposes", image.exposes.is_some());
                names.given("layers", image.layers.is_some());
                names.given("from", image.from.is_some());
                names.given("user", image.user.is_some());
                names.given("labels", !image.labels.is_empty());
                names.given("history", image.history.is_some());
            }
            if let Some(network) = &check.network {
                names.add(&["name"]);
                names.given("driver", network.driver.is_some());
                names.given("internal", network.internal.is_some());
                names.given("containers", !network.containers.is_empty());
            }
            if let Some(volume) = &check.volume {
                names.add(&["name"]);
                names.given("used_by", volume.used_by.is_some());
            }
            names.range("count", Some(check.count.unwrap_or(AT_LEAST_ONE)));
        }
        CheckKind::GoTest(check) => {
            names.add(&["folder", "builds", "tests"]);
            for test in &check.tests {
                names.add(&[&format!("tests.{test}")]);
            }
        }
        // What a script prints is compared with the script.
        CheckKind::Script(_) => {}
    }
    names.0
}

/// Collects names.
struct Names(Vec<String>);

impl Names {
    fn add(&mut self, names: &[&str]) {
        self.0.extend(names.iter().map(|name| (*name).to_owned()));
    }

    fn given(&mut self, name: &str, given: bool) {
        if given {
            self.add(&[name]);
        }
    }

    fn text(&mut self, name: &str, wanted: Option<&TextMatch>) {
        let Some(wanted) = wanted else { return };
        self.add(&[name]);
        self.given(&format!("{name}.equals"), wanted.equals.is_some());
        self.given(&format!("{name}.contains"), wanted.contains.is_some());
        self.given(&format!("{name}.excludes"), wanted.excludes.is_some());
        self.given(&format!("{name}.matches"), wanted.matches.is_some());
    }

    fn range(&mut self, name: &str, wanted: Option<Range>) {
        let Some(wanted) = wanted else { return };
        self.add(&[name]);
        self.given(&format!("{name}.min"), wanted.min.is_some());
        self.given(&format!("{name}.max"), wanted.max.is_some());
    }
}

fn wrong(at: &str, step: &Step, report: &mut Report<'_>) {
    let Some(wrong) = &step.wrong else { return };
    if wrong.fails.is_empty() {
        report.error(
            "wrong-solution",
            at,
            "the wrong solution proves nothing: it names no check that must fail",
            "name at least one, as in `fails: {message-waits: fail}`",
        );
    }
    for (id, said) in &wrong.fails {
        let place = format!("{at}.fails.{id}");
        let Some(check) = step.checks.iter().find(|check| check.id == *id) else {
            let known = step.checks.iter().map(|check| check.id.as_str());
            report.error(
                "wrong-solution",
                &place,
                format!("the step has no check `{id}`"),
                suggestion(id.as_str(), known),
            );
            continue;
        };
        if said != FAIL && !check.messages.contains_key(said) {
            let keys = check.messages.keys().map(String::as_str);
            report.error(
                "wrong-solution",
                &place,
                format!("the check `{id}` has no message `{said}`"),
                suggestion(said, std::iter::once(FAIL).chain(keys)),
            );
        }
    }
}

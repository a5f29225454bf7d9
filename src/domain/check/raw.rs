//! A check as it stands in the file, before it is known to make sense.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Check, CheckKind, CommandCheck, DockerCheck, FileCheck, GoTestCheck, HttpCheck,
    KubernetesCheck, QueueCheck, ScriptCheck,
};
use crate::domain::{ids::Slug, quantity::Span, text::Text};

/// A check as it stands in the file: exactly one of the kinds is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
pub struct RawCheck {
    /// Its name, unique in the lab.
    id: Slug,
    /// What passing it earns.
    #[schemars(range(min = 1, max = 1000))]
    points: u32,
    /// What is asked, in a few words.
    title: Text,
    /// What a learner is told who has not done it yet.
    fail: Text,
    /// How long one look may take; `10s` when left out, at most `120s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Span>,
    /// How often a failed look is repeated before it counts, a second apart; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retries: Option<u8>,
    /// Whether it also runs by itself while the learner works; by default all do but `script`,
    /// `command`, `go_test`, a `queue` with a `probe` and an `http` with `repeat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    /// Texts that take the place of `fail`: `{key: {zh: …, en: …}}`. The key is the condition that
    /// does not hold (such as `ready`, or finer `ready.max`), what its `say` names, or what a script
    /// prints.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    messages: BTreeMap<String, Text>,
    /// A file in a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileCheck>,
    /// A command run in a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<CommandCheck>,
    /// An HTTP request to a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<HttpCheck>,
    /// A queue or stream of a message broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueCheck>,
    /// Objects of the lab's cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kubernetes: Option<KubernetesCheck>,
    /// An object of the machine's nested Docker engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    docker: Option<DockerCheck>,
    /// Hidden tests against a copy of the learner's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    go_test: Option<GoTestCheck>,
    /// A script of the lab's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<ScriptCheck>,
}

/// A check that is well formed but makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCheck {
    /// None or several kinds.
    #[error(
        "check `{0}` must have exactly one of file, command, http, queue, kubernetes, docker, go_test, script (found {1})"
    )]
    Kind(Slug, usize),
    /// Too many or no points.
    #[error("check `{0}`: points must be 1 to 1000")]
    Points(Slug),
    /// Too long a time-out.
    #[error("check `{0}`: timeout can be at most 120s")]
    Timeout(Slug),
    /// Too many retries.
    #[error("check `{0}`: retries can be at most 10")]
    Retries(Slug),
}

impl TryFrom<RawCheck> for Check {
    type Error = InvalidCheck;
    fn try_from(raw: RawCheck) -> Result<Self, InvalidCheck> {
        let RawCheck {
            id,
            points,
            title,
            fail,
            timeout,
            retries,
            live,
            mut messages,
            file,
            command,
            http,
            queue,
            kubernetes,
            docker,
            go_test,
            script,
        } = raw;
        let mut kinds: Vec<CheckKind> = [
            file.map(CheckKind::File),
            command.map(CheckKind::Command),
            http.map(CheckKind::Http),
            queue.map(|c| CheckKind::Queue(Box::new(c))),
            kubernetes.map(|c| CheckKind::Kubernetes(Box::new(c))),
            docker.map(|c| CheckKind::Docker(Box::new(c))),
            go_test.map(CheckKind::GoTest),
            script.map(CheckKind::Script),
        ]
        .into_iter()
        .flatten()
        .collect();
        let found = kinds.len();
        let (Some(mut kind), 1) = (kinds.pop(), found) else {
            return Err(InvalidCheck::Kind(id, found));
        };
        if let CheckKind::Script(script) = &mut kind {
            for (key, text) in std::mem::take(&mut script.messages) {
                messages.entry(key).or_insert(text);
            }
        }
        let timeout = timeout.unwrap_or(match &kind {
            // A probe asks the broker some thirty times.
            CheckKind::Queue(queue) if queue.probe.is_some() => Span::seconds(30),
            _ => Span::seconds(10),
        });
        let retries = retries.unwrap_or(0);
        if !(1..=1000).contains(&points) {
            return Err(InvalidCheck::Points(id));
        }
        if timeout > Span::seconds(120) {
            return Err(InvalidCheck::Timeout(id));
        }
        if retries > 10 {
            return Err(InvalidCheck::Retries(id));
        }
        let live = live.unwrap_or(match &kind {
            CheckKind::Script(_) | CheckKind::Command(_) | CheckKind::GoTest(_) => false,
            // What a probe declares would come and go in the learner's lists all the time.
            CheckKind::Queue(queue) => queue.probe.is_none(),
            // Nor do the orders that a request places every few seconds.
            CheckKind::Http(http) => http.repeat.is_none() && http.only_asks(),
            _ => true,
        });
        Ok(Self {
            id,
            points,
            title,
            fail,
            timeout,
            retries,
            live,
            messages,
            kind,
        })
    }
}

impl From<Check> for RawCheck {
    fn from(check: Check) -> Self {
        let Check {
            id,
            points,
            title,
            fail,
            timeout,
            retries,
            live,
            messages,
            kind,
        } = check;
        let mut raw = Self {
            id,
            points,
            title,
            fail,
            timeout: Some(timeout),
            retries: Some(retries),
            live: Some(live),
            messages,
            file: None,
            command: None,
            http: None,
            queue: None,
            kubernetes: None,
            docker: None,
            go_test: None,
            script: None,
        };
        match kind {
            CheckKind::File(c) => raw.file = Some(c),
            CheckKind::Command(c) => raw.command = Some(c),
            CheckKind::Http(c) => raw.http = Some(c),
            CheckKind::Queue(c) => raw.queue = Some(*c),
            CheckKind::Kubernetes(c) => raw.kubernetes = Some(*c),
            CheckKind::Docker(c) => raw.docker = Some(*c),
            CheckKind::GoTest(c) => raw.go_test = Some(c),
            CheckKind::Script(c) => raw.script = Some(c),
        }
        raw
    }
}

impl JsonSchema for Check {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RawCheck::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawCheck::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_live(kind: &str) -> bool {
        let text = format!(
            "id: a\npoints: 1\ntitle: {{zh: 题, en: t}}\nfail: {{zh: 没, en: f}}\n{kind}\n"
        );
        serde_saphyr::from_str::<Check>(&text).unwrap().live
    }

    #[test]
    fn what_might_change_something_is_not_looked_at_all_the_time_unless_the_lab_says_so() {
        assert!(is_live("http: {port: 80}"));
        assert!(is_live("http: {port: 80, method: HEAD}"));
        assert!(!is_live("http: {port: 80, method: POST}"));
        assert!(is_live("live: true\nhttp: {port: 80, method: POST}"));
        assert!(!is_live("script: {file: a.sh}"));
    }
}

//! Checks: what a step asks of the learner's work, as written in `lab.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ids::Slug, quantity::Span, text::Text};

/// One thing that is looked at, with its points and what the learner is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawCheck", into = "RawCheck")]
pub struct Check {
    /// Its name, unique in the lab.
    pub id: Slug,
    /// What passing it earns.
    pub points: u32,
    /// What is asked, in a few words.
    pub title: Text,
    /// What a learner is told who has not done it yet.
    pub fail: Text,
    /// How long one look may take.
    pub timeout: Span,
    /// How often a failed look is repeated before it counts, a second apart.
    pub retries: u8,
    /// Whether the check also runs by itself while the learner works.
    pub live: bool,
    /// What is looked at.
    pub kind: CheckKind,
}

/// What a check looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckKind {
    /// A file in a machine.
    File(FileCheck),
    /// A command run in a machine.
    Command(CommandCheck),
    /// An HTTP request to a machine.
    Http(HttpCheck),
    /// A queue of a RabbitMQ broker.
    Queue(QueueCheck),
    /// An object of the machine's nested Docker engine.
    Docker(DockerCheck),
    /// A script sent to a machine for the moment of the check.
    Script(ScriptCheck),
}

/// How far the evidence of a check can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Asked from another machine, judged by the server.
    Outside,
    /// Observed in the learner's machine by the agent, judged by the server.
    Inside,
}

impl CheckKind {
    /// The key in `lab.yaml` and the name in the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Command(_) => "command",
            Self::Http(_) => "http",
            Self::Queue(_) => "queue",
            Self::Docker(_) => "docker",
            Self::Script(_) => "script",
        }
    }

    /// How far its evidence can be trusted.
    pub const fn trust(&self) -> Trust {
        match self {
            Self::Http(_) | Self::Queue(_) => Trust::Outside,
            Self::File(_) | Self::Command(_) | Self::Docker(_) | Self::Script(_) => Trust::Inside,
        }
    }

    /// The machine it looks at; `None` stands for the lab's first.
    pub const fn machine(&self) -> Option<&Slug> {
        match self {
            Self::File(c) => c.machine.as_ref(),
            Self::Command(c) => c.machine.as_ref(),
            Self::Http(c) => c.machine.as_ref(),
            Self::Queue(c) => c.machine.as_ref(),
            Self::Docker(c) => c.machine.as_ref(),
            Self::Script(c) => c.machine.as_ref(),
        }
    }

    /// Whether it observes something that lives (a service, a queue), so that one look may catch
    /// a passing moment.
    pub const fn observes_live_state(&self) -> bool {
        matches!(self, Self::Http(_) | Self::Queue(_) | Self::Docker(_))
    }
}

/// What a text must look like. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextMatch {
    /// Exactly this, white space at both ends aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// This occurs in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// This does not occur in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excludes: Option<String>,
    /// This regular expression (syntax of the Rust crate `regex`, multi-line) matches somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
}

/// A number's bounds, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// At least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

impl Range {
    /// Whether `n` lies within.
    pub fn holds(&self, n: u64) -> bool {
        self.min.is_none_or(|min| n >= min) && self.max.is_none_or(|max| n <= max)
    }
}

/// As whom a command or script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunAs {
    /// As the learner, with nothing they could not do themselves.
    #[default]
    Learner,
    /// As root of the machine.
    Root,
}

/// `file:` a regular file exists, or not, and reads like this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// Absolute, or relative to the learner's home.
    pub path: String,
    /// Whether it must exist.
    #[serde(default = "yes")]
    pub exists: bool,
    /// What it must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<TextMatch>,
}

/// `command:` a command ends and prints like this. Run without a shell, in a clean environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// The program by absolute path, and its arguments.
    pub run: Vec<String>,
    /// As whom.
    #[serde(default)]
    pub user: RunAs,
    /// In which folder; the learner's home when left out. Relative paths start there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The exit code that passes.
    #[serde(default)]
    pub exit: i32,
    /// What it must print on standard output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<TextMatch>,
}

/// `http:` a machine answers a request from another machine like this. `{{nonce}}` in the path,
/// the body and the expectations stands for a random word that changes at each look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// The TCP port.
    pub port: u16,
    /// The path with its query.
    #[serde(default = "root_path")]
    pub path: String,
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// Headers to send.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The answer that passes.
    #[serde(default)]
    pub expect: HttpExpectation,
}

/// The answer that passes an [`HttpCheck`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpExpectation {
    /// The status; any of 200 to 299 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the body (its first 256 KiB) must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<TextMatch>,
    /// What headers must look like, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, TextMatch>,
    /// That nothing answers on the port at all.
    #[serde(default)]
    pub refused: bool,
}

/// `queue:` a queue of a RabbitMQ broker is in this state (asked through its management API).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueCheck {
    /// The machine of the broker; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// The queue's name, in the virtual host `/`.
    pub name: String,
    /// Whether it must exist.
    #[serde(default = "yes")]
    pub exists: bool,
    /// Whether it must survive a restart of the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
    /// Messages that wait for a consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Range>,
    /// Messages handed to a consumer and not acknowledged yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<Range>,
    /// Consumers connected now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Range>,
    /// Messages published to it so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Range>,
    /// Messages acknowledged so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Range>,
    /// Messages delivered again so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<Range>,
}

/// `docker:` the machine's nested engine holds such objects (asked through its API).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DockerCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// Containers like this. Exactly one of `container` and `image` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerMatch>,
    /// Images like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageMatch>,
    /// How many must match; at least one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Range>,
}

/// Which containers a [`DockerCheck`] counts. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerMatch {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The image it was made from: `name` or `name:tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether it runs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// The code it ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// A port of the machine that is published to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_port: Option<u16>,
}

/// Which images a [`DockerCheck`] counts. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageMatch {
    /// `name` or `name:tag`.
    pub name: String,
    /// Its size in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_mib: Option<Range>,
    /// A port its Dockerfile exposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposes: Option<u16>,
}

/// `script:` a shell script of the lab's folder, run by the trusted busybox shell of the image.
/// Exit code 0 passes, 1 fails, 3 says that the learner's machine is too broken to judge. A line
/// `message: <key>` on standard output picks the text from `messages`; anything else it prints is
/// evidence for the instructor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptCheck {
    /// The machine; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// The script, relative to the lab's folder.
    pub file: String,
    /// As whom.
    #[serde(default)]
    pub user: RunAs,
    /// Texts the script can pick instead of `fail`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, Text>,
}

const fn yes() -> bool {
    true
}

fn root_path() -> String {
    "/".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

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
    /// Whether it also runs by itself while the learner works; by default all but `script` and
    /// `command` do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    /// A file in a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileCheck>,
    /// A command run in a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<CommandCheck>,
    /// An HTTP request to a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<HttpCheck>,
    /// A queue of a RabbitMQ broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueCheck>,
    /// An object of the machine's nested Docker engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    docker: Option<DockerCheck>,
    /// A script of the lab's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<ScriptCheck>,
}

/// A check that is well formed but makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCheck {
    /// None or several kinds.
    #[error(
        "check `{0}` must have exactly one of file, command, http, queue, docker, script (found {1})"
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
            file,
            command,
            http,
            queue,
            docker,
            script,
        } = raw;
        let mut kinds: Vec<CheckKind> = [
            file.map(CheckKind::File),
            command.map(CheckKind::Command),
            http.map(CheckKind::Http),
            queue.map(CheckKind::Queue),
            docker.map(CheckKind::Docker),
            script.map(CheckKind::Script),
        ]
        .into_iter()
        .flatten()
        .collect();
        let found = kinds.len();
        let (Some(kind), 1) = (kinds.pop(), found) else {
            return Err(InvalidCheck::Kind(id, found));
        };
        let timeout = timeout.unwrap_or(Span::seconds(10));
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
        let live = live.unwrap_or(!matches!(
            kind,
            CheckKind::Script(_) | CheckKind::Command(_)
        ));
        Ok(Self {
            id,
            points,
            title,
            fail,
            timeout,
            retries,
            live,
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
            file: None,
            command: None,
            http: None,
            queue: None,
            docker: None,
            script: None,
        };
        match kind {
            CheckKind::File(c) => raw.file = Some(c),
            CheckKind::Command(c) => raw.command = Some(c),
            CheckKind::Http(c) => raw.http = Some(c),
            CheckKind::Queue(c) => raw.queue = Some(c),
            CheckKind::Docker(c) => raw.docker = Some(c),
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

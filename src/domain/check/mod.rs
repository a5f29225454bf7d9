//! Checks: what a step asks of the learner's work, as written in `lab.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod docker;
mod go_test;
mod http;
mod kubernetes;
mod machine;
mod queue;
mod raw;

use super::{ids::Slug, quantity::Span, text::Text};

pub use docker::{ContainerMatch, DockerCheck, ImageMatch, NetworkMatch, VolumeMatch};
pub use go_test::{GoTestCheck, WORKBENCH};
pub use http::{HttpCheck, HttpExpectation, NONCE, Repeat};
pub use kubernetes::{FieldMatch, KubernetesCheck};
pub use machine::{CommandCheck, FileCheck, ScriptCheck};
pub use queue::{BindingMatch, Broker, ExchangeMatch, PROBE_PREFIX, QueueCheck, RouteProbe};
pub use raw::{InvalidCheck, RawCheck};

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
    /// Texts that take the place of `fail`, by the condition that does not hold or by the key that a
    /// script prints.
    pub messages: BTreeMap<String, Text>,
    /// What is looked at.
    pub kind: CheckKind,
}

/// The word by which `fails` of a wrong solution names a check's own `fail` text.
pub const FAIL: &str = "fail";

impl Check {
    /// The text for a condition that does not hold: that of the finest name there is a text for
    /// (`body.contains`, then `body`); `None` stands for `fail`.
    pub fn message(&self, condition: &str) -> Option<&Text> {
        let mut name = condition;
        loop {
            if let Some(text) = self.messages.get(name) {
                return Some(text);
            }
            name = name.rsplit_once('.')?.0;
        }
    }

    /// Which of the check's texts a message begins with: a key of `messages`, or [`FAIL`]. Of
    /// several it is the longest, since one text may begin like another.
    pub fn said(&self, message: &Text) -> Option<&str> {
        let begins = |text: &Text| {
            message.zh.starts_with(text.zh.trim_end()) && message.en.starts_with(text.en.trim_end())
        };
        let own = std::iter::once((FAIL, &self.fail));
        own.chain(self.messages.iter().map(|(key, text)| (key.as_str(), text)))
            .filter(|(_, text)| begins(text))
            .max_by_key(|(_, text)| text.zh.len() + text.en.len())
            .map(|(key, _)| key)
    }
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
    /// A queue or stream of a message broker.
    Queue(Box<QueueCheck>),
    /// Objects of the lab's cluster.
    Kubernetes(Box<KubernetesCheck>),
    /// An object of the machine's nested Docker engine.
    Docker(Box<DockerCheck>),
    /// Hidden tests against a copy of the learner's code.
    GoTest(GoTestCheck),
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
    /// The learner's work itself, copied and tried where they can't reach.
    Artifact,
}

impl CheckKind {
    /// The key in `lab.yaml` and the name in the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Command(_) => "command",
            Self::Http(_) => "http",
            Self::Queue(_) => "queue",
            Self::Kubernetes(_) => "kubernetes",
            Self::Docker(_) => "docker",
            Self::GoTest(_) => "go_test",
            Self::Script(_) => "script",
        }
    }

    /// How far its evidence can be trusted.
    pub const fn trust(&self) -> Trust {
        match self {
            Self::Http(_) | Self::Queue(_) | Self::Kubernetes(_) => Trust::Outside,
            Self::GoTest(_) => Trust::Artifact,
            Self::File(_) | Self::Command(_) | Self::Docker(_) | Self::Script(_) => Trust::Inside,
        }
    }

    /// The machine of the lab that it looks at; `None` stands for the first. A check of the cluster
    /// looks at a machine that the lab does not name.
    pub const fn machine(&self) -> Option<&Slug> {
        match self {
            Self::File(c) => c.machine.as_ref(),
            Self::Command(c) => c.machine.as_ref(),
            Self::Http(c) => c.machine.as_ref(),
            Self::Queue(c) => c.machine.as_ref(),
            Self::Kubernetes(_) => None,
            Self::Docker(c) => c.machine.as_ref(),
            Self::GoTest(c) => c.machine.as_ref(),
            Self::Script(c) => c.machine.as_ref(),
        }
    }

    /// Whether it observes something that lives (a service, a queue), so that one look may catch
    /// a passing moment.
    pub const fn observes_live_state(&self) -> bool {
        matches!(
            self,
            Self::Http(_) | Self::Queue(_) | Self::Kubernetes(_) | Self::Docker(_)
        )
    }

    /// Whether it reads files of the lab's folder.
    pub const fn reads_lab_files(&self) -> bool {
        matches!(self, Self::Script(_) | Self::GoTest(_))
    }

    /// Whether it starts in the grader machine.
    pub const fn needs_grader(&self) -> bool {
        matches!(self, Self::Http(_) | Self::Queue(_))
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

    /// The name of the bound that `n` does not keep, after that of the number: `ready.min`.
    pub fn missed(&self, number: &str, n: u64) -> String {
        let bound = if self.min.is_some_and(|min| n < min) {
            "min"
        } else {
            "max"
        };
        format!("{number}.{bound}")
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

const fn yes() -> bool {
    true
}

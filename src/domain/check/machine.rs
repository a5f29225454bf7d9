//! Checks that look into a machine: files, commands and scripts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RunAs, TextMatch, yes};
use crate::domain::{ids::Slug, text::Text};

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

/// `script:` a shell script of the lab's folder, run by the trusted busybox shell of the image.
/// Exit code 0 passes, 1 fails, 3 says that the learner's machine is too broken to judge. A line
/// `message: <key>` on standard output picks the text from the check's `messages`; anything else it prints is
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
    /// Ports of the cluster's nodes that the script asks: they must lead to pods that the nodes run,
    /// and to nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node_ports: Vec<u16>,
    /// The check's `messages`, written here; [`Check::messages`](super::Check::messages) holds them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, Text>,
}

//! Checks that ask a machine over HTTP.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Range, TextMatch};
use crate::domain::ids::Slug;

/// What stands for the random word in a check.
pub const NONCE: &str = "{{nonce}}";

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
    /// The running container of the machine's engine whose answer it must be: nothing else in the
    /// machine may hold the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The answer that passes.
    #[serde(default)]
    pub expect: HttpExpectation,
    /// Asks several times, each over a connection of its own, and counts the different answers:
    /// how a load is shared. Every answer must be as expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
}

impl HttpCheck {
    /// Whether the request only reads, by its method (RFC 9110, section 9.2.1).
    pub(super) fn only_asks(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// Several requests, and what their answers must be like together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many requests, 2 to 100.
    #[schemars(range(min = 2, max = 100))]
    pub times: u16,
    /// What of a body is compared: a regular expression, whose first group counts if it has one.
    /// The whole body when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<String>,
    /// How many different answers there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<Range>,
    /// How often each of the different answers comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Range>,
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

fn root_path() -> String {
    "/".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

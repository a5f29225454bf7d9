//! Checks that ask the cluster of a lab.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Range, TextMatch};

/// `kubernetes:` the cluster holds objects like this, asked on the control plane's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubernetesCheck {
    /// Their kind in the plural: `deployments`; with group, or group and version, when it is not one
    /// of the usual ones: `widgets.example.org/v1`.
    pub resource: String,
    /// Their namespace; `default` when left out. Not for objects of the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The one of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Those with such labels: `app=web,tier!=test`. Without name and selector it is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// What must hold of an object for it to count, one after the other.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<FieldMatch>,
    /// Conditions in its status: type → status, as in `{Available: 'True'}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, String>,
    /// How many must be left; at least one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Range>,
}

/// What a field of an object must be like. Every condition that is given must hold, of one of the
/// values that the path leads to, or of each with `every`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldMatch {
    /// The way to it: `.spec.replicas`, `.spec.containers[*].image`,
    /// `.metadata.labels['app.kubernetes.io/name']`.
    pub path: String,
    /// Whether there is such a field at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// A number: at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// A number: at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// A text (or number, or truth): exactly this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// This occurs in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// This does not occur in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excludes: Option<String>,
    /// This regular expression matches somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// It is the same as this other field of the object, as in `.spec.replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// All of the values must fit, not just one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every: bool,
    /// How many different values there are over all objects that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<Range>,
    /// The text to say when nothing is left: a key of the check's `messages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
}

impl FieldMatch {
    /// The conditions on a text.
    pub fn text(&self) -> TextMatch {
        TextMatch {
            equals: self.equals.clone(),
            contains: self.contains.clone(),
            excludes: self.excludes.clone(),
            matches: self.matches.clone(),
        }
    }

    /// The bounds of a number, when there are any.
    pub fn range(&self) -> Option<Range> {
        (self.min.is_some() || self.max.is_some()).then_some(Range {
            min: self.min,
            max: self.max,
        })
    }
}

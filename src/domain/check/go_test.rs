//! Checks that run hidden tests against a copy of the learner's code.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Slug;

/// The machine in which hidden tests run. The server adds it to the sandboxes of labs with such
/// checks; learners can't enter it.
pub const WORKBENCH: &str = "workbench";

/// `go_test:` hidden tests pass against a copy of the learner's code, built and run in a machine
/// that the learner can't enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoTestCheck {
    /// The machine with the code; the lab's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Slug>,
    /// The learner's module, a folder relative to their home.
    pub folder: String,
    /// The hidden tests: file of the module → file of the lab's folder. All in one package; its
    /// own `_test.go` files are left out.
    pub files: BTreeMap<String, String>,
    /// The tests that must pass, by the names of their functions.
    pub tests: Vec<String>,
}

impl GoTestCheck {
    /// The package's folder in the module: that of the first hidden test.
    pub fn package(&self) -> &str {
        let tests = self.files.keys().find(|path| path.ends_with("_test.go"));
        tests
            .and_then(|path| path.rsplit_once('/'))
            .map_or("", |(folder, _)| folder)
    }
}

//! A lab as its authors write it in `lab.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    board::Board,
    check::{Check, CheckKind, WORKBENCH},
    cluster::Cluster,
    ids::Slug,
    quantity::{ByteSize, Span},
    text::Text,
};

/// The image of the machine in which hidden tests run.
const GO: &str = "go";

/// `lab.yaml`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    /// The lab's name in addresses; also its folder's name; unique on the server.
    pub id: Slug,
    /// Its title.
    pub title: Text,
    /// One or two sentences for lists and the page before the start.
    pub summary: Text,
    /// How much it asks.
    pub level: Level,
    /// How long the sandbox runs, from the moment it is ready.
    pub duration: Span,
    /// How much one extension adds.
    #[serde(default = "half_an_hour")]
    pub extension: Span,
    /// How often a learner may extend.
    #[serde(default = "two")]
    pub max_extensions: u8,
    /// The machines; the first is the learner's desk unless a step says otherwise.
    pub machines: Vec<Machine>,
    /// A Kubernetes cluster: machines that the server adds to the lab's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Cluster>,
    /// Whether the machines reach the internet.
    #[serde(default)]
    pub network: Network,
    /// Whether the machines reach the class mirror, a registry, as `mirror:5000`, and nested engines
    /// use it for the images they pull.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mirror: bool,
    /// Ports worth showing to the learner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// The editor, for labs in which one writes files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editor: Option<Editor>,
    /// Live pictures of what the learner works on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boards: Vec<Board>,
    /// Files copied into the learner's home before the start: target → file of the lab's folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// A script of the lab's folder, run as root in the first machine when all machines are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
    /// Whether a reset keeps the learner's home.
    #[serde(default)]
    pub reset_keeps_home: bool,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// How much a lab asks of the learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// First contact.
    Beginner,
    /// Knows the basics.
    Intermediate,
    /// Combines several topics.
    Advanced,
}

/// Whether machines reach the internet. Machines of other sandboxes, the host and private
/// addresses are out of reach either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Only the sandbox's own machines.
    #[default]
    Isolated,
    /// Also the internet.
    Internet,
}

/// The container settings of a machine, fixed in one place of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The learner is an ordinary user without any privilege.
    Plain,
    /// The learner is root inside, with a short list of capabilities.
    Root,
    /// The learner is an ordinary user and owns a rootless nested Docker engine.
    Docker,
    /// The nodes of a cluster, which the server adds; nobody works there.
    Kubernetes,
}

impl Profile {
    /// The name in `lab.yaml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Root => "root",
            Self::Docker => "docker",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// A machine of the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its host name in the sandbox's network.
    pub name: Slug,
    /// The image: a folder of `labs/images`.
    pub image: Slug,
    /// The container settings.
    pub profile: Profile,
    /// Memory, swap included; `512MiB` when left out.
    #[serde(default = "half_a_gib")]
    pub memory: ByteSize,
    /// Processor time in cores; 1 when left out.
    #[serde(default = "one_core")]
    #[schemars(range(min = 0.1, max = 8.0))]
    pub cpus: f64,
    /// Disk for the learner's home (and the nested engine's data); `256MiB` when left out.
    #[serde(default = "quarter_of_a_gib")]
    pub disk: ByteSize,
    /// Terminals that open with the lab; 0 keeps the learner out of the machine; 1 when left out.
    #[serde(default = "one")]
    #[schemars(range(max = 4))]
    pub terminals: u8,
    /// Environment of the learner's shells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// A port worth showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The machine.
    pub machine: Slug,
    /// The TCP port.
    pub port: u16,
    /// What answers there.
    pub title: Text,
}

/// The editor beside the terminals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Editor {
    /// The machine whose files it shows.
    pub machine: Slug,
    /// The folder it opens, relative to the learner's home; the home when left out.
    #[serde(default)]
    pub folder: String,
    /// A file it opens first, relative to the learner's home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
}

/// A step of the lab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, unique in the lab.
    pub id: Slug,
    /// Its title.
    pub title: Text,
    /// The instructions: `<text>.zh.md` and `<text>.en.md` in the lab's folder.
    pub text: String,
    /// Help in growing detail; the learner opens one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Text>,
    /// The reference solution: a shell script of the lab's folder, run as the learner in the
    /// first machine by `slipway lab test`.
    pub solution: String,
    /// A typical wrong solution, by which `slipway lab test` proves what learners are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<Wrong>,
    /// What is asked.
    pub checks: Vec<Check>,
}

/// A solution that many learners hand in and that must not pass. `slipway lab test` runs it in a
/// fresh sandbox, after the solutions of the steps before, in place of the step's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// A shell script of the lab's folder, run like a solution.
    pub script: String,
    /// Checks of the step that must fail, each with what the learner must be told: `fail`, or a key
    /// of the check's `messages`.
    pub fails: BTreeMap<Slug, String>,
}

impl Lab {
    /// Every point there is.
    pub fn points(&self) -> u32 {
        self.steps.iter().map(Step::points).sum()
    }

    /// The step of this name.
    pub fn step(&self, id: &Slug) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == *id)
    }

    /// The machine of this name; the first for `None`.
    pub fn machine(&self, name: Option<&Slug>) -> Option<&Machine> {
        match name {
            Some(name) => self.machines.iter().find(|m| m.name == *name),
            None => self.machines.first(),
        }
    }

    /// Adds the machine in which hidden tests run, when a check needs it.
    pub fn add_workbench(&mut self) {
        let mut checks = self.steps.iter().flat_map(|s| &s.checks);
        let needed = checks.any(|c| matches!(c.kind, CheckKind::GoTest(_)));
        let (Ok(name), Ok(image)) = (WORKBENCH.parse::<Slug>(), GO.parse()) else {
            return;
        };
        if needed && self.machine(Some(&name)).is_none() {
            self.machines.push(Machine {
                name,
                image,
                profile: Profile::Plain,
                memory: ByteSize::mib(768),
                cpus: 1.0,
                disk: ByteSize::mib(16),
                terminals: 0,
                env: BTreeMap::new(),
            });
        }
    }

    /// Whether any check or board looks from outside, or the class mirror is to be reached, so that
    /// the sandbox needs its grader machine.
    pub fn needs_grader(&self) -> bool {
        let mut checks = self.steps.iter().flat_map(|s| &s.checks);
        self.mirror
            || checks.any(|c| c.kind.needs_grader())
            || self.boards.iter().any(Board::needs_grader)
    }
}

impl Step {
    /// The points of its checks.
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|c| c.points).sum()
    }
}

const fn half_an_hour() -> Span {
    Span::minutes(30)
}

const fn half_a_gib() -> ByteSize {
    ByteSize::mib(512)
}

const fn quarter_of_a_gib() -> ByteSize {
    ByteSize::mib(256)
}

const fn one_core() -> f64 {
    1.0
}

const fn one() -> u8 {
    1
}

const fn two() -> u8 {
    2
}

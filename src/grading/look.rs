//! What one look came to, before points and messages.

use crate::domain::text::Text;

use super::{evidence::Evidence, matching::InvalidPattern, messages, reach::Trouble};

/// One look at one check.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) finding: Finding,
    pub(super) evidence: Evidence,
}

/// What a look came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Every condition was seen to hold.
    Passed,
    /// A condition was seen not to hold.
    Failed {
        /// Its name, by which the author may have written a text for it; empty for none.
        condition: String,
        /// Said after the author's text.
        observation: Option<Text>,
    },
    /// The learner's environment could not be looked at.
    Ungradable(Text),
    /// We could not look.
    GraderError,
}

impl Finding {
    /// A condition does not hold; with a sentence on what was seen.
    pub(super) fn unmet(condition: impl Into<String>, observation: Text) -> Self {
        Self::Failed {
            condition: condition.into(),
            observation: Some(observation),
        }
    }
}

/// Why a look ended before it had seen everything it wanted to see.
#[derive(Debug)]
pub(super) enum Stop {
    /// A finding that is already certain.
    Found(Finding),
    /// The machine could not be asked.
    Trouble(Trouble),
    /// The lab is wrong.
    Lab(String),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Found(finding)
    }
}

impl From<InvalidPattern> for Stop {
    fn from(pattern: InvalidPattern) -> Self {
        Self::Lab(pattern.to_string())
    }
}

impl Stop {
    /// The finding, with the reason noted as evidence.
    pub(super) fn into_finding(self, evidence: &mut Evidence) -> Finding {
        match self {
            Self::Found(finding) => finding,
            Self::Lab(reason) => {
                evidence.line("the lab is wrong", reason);
                Finding::GraderError
            }
            Self::Trouble(Trouble::Gone(machine)) => {
                evidence.line("machine", format_args!("{machine} is not running"));
                Finding::Ungradable(messages::machine_gone(machine.as_str()))
            }
            Self::Trouble(Trouble::Full(machine, reason)) => {
                evidence.line("machine", format_args!("{machine} is full: {reason}"));
                Finding::Ungradable(messages::machine_full(machine.as_str()))
            }
            Self::Trouble(Trouble::Silent(machine)) => {
                evidence.line("machine", format_args!("{machine} did not answer in time"));
                Finding::Ungradable(messages::machine_silent(machine.as_str()))
            }
            Self::Trouble(Trouble::Ours(reason)) => {
                evidence.line("grader", reason);
                Finding::GraderError
            }
        }
    }
}

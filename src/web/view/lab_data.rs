//! What the lab page's scripts get from the server: in the page, by events and by the API.
//!
//! The names of fields are the ones in JSON; times are milliseconds since the epoch.

use std::collections::BTreeMap;

use serde::Serialize;

use super::parts::ImageState;
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, Slug, SubmissionId},
    sandbox::{EndReason, SandboxState},
    score::Score,
    submission::{Outcome, SubmissionState},
    text::Locale,
};

/// The content of `<script id="lab-data">`.
#[derive(Debug, Clone, Serialize)]
pub struct LabData {
    /// The attempt.
    pub attempt: AttemptId,
    /// For the header `X-CSRF-Token`.
    pub csrf: String,
    /// The viewer's language.
    pub locale: Locale,
    /// The nonce of `style-src`, for the style elements that terminal and editor add.
    pub style_nonce: String,
    /// The machines with terminals.
    pub machines: Vec<MachineData>,
    /// The editor; `None` when the lab has none.
    pub editor: Option<EditorData>,
    /// The boards in order.
    pub boards: Vec<BoardPlace>,
    /// The ports that the lab names, as if nothing listened yet.
    pub ports: Vec<PortData>,
    /// The steps in order.
    pub steps: Vec<StepData>,
    /// Whether a reset keeps the learner's home.
    pub reset_keeps_home: bool,
    /// The sandbox as it is now.
    pub sandbox: SandboxData,
    /// The best score so far.
    pub score: Score,
    /// Every text of the scripts: [`crate::web::i18n::Translator::client_strings`].
    pub strings: BTreeMap<&'static str, String>,
}

/// A machine.
#[derive(Debug, Clone, Serialize)]
pub struct MachineData {
    /// Its host name.
    pub name: Slug,
    /// How many terminals open with the lab.
    pub terminals: u8,
    /// The learner's home, absolute.
    pub learner_home: String,
}

/// The editor.
#[derive(Debug, Clone, Serialize)]
pub struct EditorData {
    /// Whose files it shows.
    pub machine: Slug,
    /// The folder it opens, relative to the home; empty for the home itself.
    pub folder: String,
    /// The file it opens first, relative to the home.
    pub open: Option<String>,
}

/// A board, before anything is seen of it.
#[derive(Debug, Clone, Serialize)]
pub struct BoardPlace {
    /// What it shows: `docker`, `kubernetes`, `rabbitmq`, `etcd`.
    pub kind: &'static str,
    /// The machines it looks at; none for the cluster.
    pub machines: Vec<Slug>,
}

/// A port that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortData {
    /// The machine.
    pub machine: Slug,
    /// The port.
    pub port: u16,
    /// What the lab calls it.
    pub title: Option<String>,
    /// Whether something listens there.
    pub listens: bool,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
pub struct StepData {
    /// Its name.
    pub id: Slug,
    /// Its title.
    pub title: String,
    /// The points of its checks.
    pub points: u32,
    /// Its checks.
    pub checks: Vec<CheckData>,
    /// How many hints it has.
    pub hints_total: usize,
    /// How many of them are open.
    pub hints_opened: usize,
}

/// A check.
#[derive(Debug, Clone, Serialize)]
pub struct CheckData {
    /// Its name.
    pub id: Slug,
    /// What is asked.
    pub title: String,
    /// What passing earns.
    pub points: u32,
    /// Whether it also runs by itself.
    pub live: bool,
    /// The best outcome of a submission so far.
    pub best: Option<Outcome>,
}

/// The event `sandbox`, and the answer to `extend`, `reset`, `finish` and `restart`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxData {
    /// Counts resets and restarts; terminals of an older generation are gone.
    pub generation: u32,
    /// Where it is.
    pub state: SandboxState,
    /// 1 for the next in line.
    pub queue_position: Option<u32>,
    /// The images it waits for.
    pub images: Vec<ImageData>,
    /// What happens, in the viewer's language.
    pub message: Option<String>,
    /// The server's time, so that the countdown does not depend on the browser's clock.
    pub now: Timestamp,
    /// Since when it is ready.
    pub ready_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// How often it may still be extended.
    pub extensions_left: u8,
    /// How much one extension adds.
    pub extension_minutes: u32,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
}

/// An image that a sandbox waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageData {
    /// Its name.
    pub name: Slug,
    /// Where its build is.
    pub state: ImageState,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// The last line of the build's output.
    pub line: String,
}

/// The event `ticks`: live looks, which never count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicksData {
    /// One per check that was looked at.
    pub results: Vec<TickData>,
}

/// A live look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TickData {
    /// Which check.
    pub check: Slug,
    /// What it came to.
    pub outcome: Outcome,
    /// What to tell the learner.
    pub message: Option<String>,
}

/// The event `submission`, and the answer to a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubmissionData {
    /// The submission.
    pub id: SubmissionId,
    /// Of which step.
    pub step: Slug,
    /// Where it is.
    pub state: SubmissionState,
    /// The step's points in this submission.
    pub score: Score,
    /// One per check, once graded.
    pub results: Vec<ResultData>,
    /// The lab's best points.
    pub lab_score: Score,
}

/// What a check came to in a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResultData {
    /// Which check.
    pub check: Slug,
    /// What it came to.
    pub outcome: Outcome,
    /// Points earned.
    pub points: u32,
    /// What to tell the learner.
    pub message: Option<String>,
}

/// The event `ports`: what can be shown of the machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortsData {
    /// First those that the lab names.
    pub ports: Vec<PortData>,
}

/// The event `files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilesData {
    /// Whose files changed.
    pub machine: Slug,
}

impl LabData {
    /// As JSON that can stand inside a `<script>` element: no `<`, `>` or `&`, which could end the
    /// element or open a comment in it.
    pub fn to_script(&self) -> Result<String, askama::Error> {
        let json = serde_json::to_string(self).map_err(|e| askama::Error::Custom(e.into()))?;
        Ok(json
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"))
    }
}

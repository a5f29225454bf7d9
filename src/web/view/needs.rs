//! What a lab was measured to need, for who runs the course.

use crate::domain::{clock::Timestamp, ids::Slug};

/// What the viewer gets to see of a lab's needs.
#[derive(Debug, Clone)]
pub enum Needs {
    /// Nothing: it is no learner's business.
    Hidden,
    /// The lab was never measured.
    Unknown,
    /// The figures.
    Known(LabNeeds),
}

impl Needs {
    /// Whether the viewer sees nothing of it.
    pub const fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}

/// The figures of a lab. Amounts and times are in words, in the viewer's language.
#[derive(Debug, Clone)]
pub struct LabNeeds {
    /// Memory at rest.
    pub rest: String,
    /// The highest memory while the reference solutions ran.
    pub peak: String,
    /// Memory promised.
    pub promised: String,
    /// The part of the promise that the peak takes, 0 to 100.
    pub percent: u32,
    /// The time to start.
    pub start: String,
    /// Its images on disk.
    pub images: String,
    /// Its machines, in the lab's order.
    pub machines: Vec<MachineNeeds>,
    /// When this was measured.
    pub measured_at: Timestamp,
    /// On what.
    pub host: String,
    /// Whether the lab and its images are still what was measured.
    pub is_current: bool,
}

/// The figures of a machine.
#[derive(Debug, Clone)]
pub struct MachineNeeds {
    /// Its name.
    pub name: Slug,
    /// Memory at rest.
    pub rest: String,
    /// Memory promised.
    pub promised: String,
}

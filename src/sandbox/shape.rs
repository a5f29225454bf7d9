//! What a sandbox's machines are made from, apart from whose they are: two labs of one shape can do
//! with the same machines.

use super::engine::{GraderSpec, MachineSpec, Owner, SandboxSpec};
use crate::domain::{ids::SandboxId, lab::Network, quantity::ByteSize};

/// What the grader machine may use.
pub const GRADER_MEMORY: ByteSize = ByteSize::mib(64);

/// Everything that machines are made from and that no learner and no single sandbox has to
/// themselves. Images are named by the hash of what they are made from, so a changed one is another
/// shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The lab's machines.
    pub machines: Vec<MachineSpec>,
    /// The machine from which checks look at the others.
    pub grader: Option<GraderSpec>,
    /// Whether the machines reach the internet.
    pub network: Network,
}

impl Shape {
    /// The memory a sandbox of this shape is promised, in bytes.
    pub fn memory(&self) -> u64 {
        let machines: u64 = self.machines.iter().map(|m| m.memory.bytes()).sum();
        machines + self.grader.as_ref().map_or(0, |_| GRADER_MEMORY.bytes())
    }

    /// A sandbox of this shape.
    pub fn sandbox(self, id: SandboxId, generation: u32, owner: Option<Owner>) -> SandboxSpec {
        let Self {
            machines,
            grader,
            network,
        } = self;
        SandboxSpec {
            id,
            generation,
            owner,
            machines,
            grader,
            network,
        }
    }
}

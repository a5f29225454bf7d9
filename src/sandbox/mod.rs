//! Sandboxes: what runs on the engine, and the pure decisions about it.
//!
//! Owns the [`engine::Engine`] trait, its Docker implementation, the image builder, the reconciler's
//! decisions and the queue for room. Must not import `store`, `services`, `web` or anything of SQL
//! or HTTP handlers.

pub mod build_queue;
pub mod capacity;
pub mod decide;
pub mod docker;
pub mod engine;
pub mod images;
pub mod network;
pub mod profiles;
pub mod shape;
pub mod warm;

pub use engine::{
    AgentStream, Engine, EngineError, EngineInfo, GraderSpec, ImageOnDisk, LayerOnDisk,
    MachineObserved, MachineSpec, MachineState, MachineStats, Observed, Owner, SandboxSpec,
    ServiceSpec,
};

//! The engine behind Docker's API (Docker Engine 20.10 and later, Podman's compatible socket).
//!
//! The only place that knows bollard, and that holds the engine's socket, which equals root on the
//! engine's host.

mod archive;
mod build;
mod client;
mod container;
mod create;
mod error;
mod exec;
mod firewall;
mod image;
mod info;
mod labels;
mod network;
mod observe;
mod podman;
mod remove;
mod service;
mod volume;

pub use build::{BuildError, ImageBuilder};
pub use client::{DockerConfig, DockerEngine, Timeouts};
pub use labels::{InstanceId, InvalidInstance};

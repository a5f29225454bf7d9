//! Boards: what an API in a sandbox says, made into a small picture that a browser can draw.
//!
//! Pure: bytes in, values out. Whatever is read here was written by somebody hostile, so that a
//! picture is bounded in objects and in text, and its texts hold no character that could disturb
//! the lines around it. Must not reach into machines; [`crate::services::boards`] does.

pub mod docker;
pub mod etcd;
pub mod kubernetes;
pub mod rabbitmq;
mod text;

use serde::Serialize;

pub use text::clean;

/// A picture of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Picture {
    /// A nested Docker engine.
    Docker(docker::Picture),
    /// A cluster.
    Kubernetes(kubernetes::Picture),
    /// A broker.
    Rabbitmq(rabbitmq::Picture),
    /// The members of an etcd cluster.
    Etcd(etcd::Picture),
}

/// Why no picture could be made.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not what the API answers.
    #[error("not what the API answers: {0}")]
    Nonsense(#[from] serde_json::Error),
}

/// The first `most` of a list, and how many are left out.
fn bounded<T>(mut all: Vec<T>, most: usize) -> (Vec<T>, usize) {
    let more = all.len().saturating_sub(most);
    all.truncate(most);
    (all, more)
}

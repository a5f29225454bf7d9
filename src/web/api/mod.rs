//! The JSON API of one attempt, and what probes ask.

pub(super) mod boards;
pub(super) mod events;
pub(super) mod files;
mod health;
pub(super) mod hints;
pub(super) mod previews;
pub(super) mod sandbox;
pub(super) mod submissions;

pub(super) use health::health;

//! Slipway: a self-hosted server for interactive courses and labs.

pub mod content;
pub mod domain;

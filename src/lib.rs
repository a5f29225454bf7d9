//! Slipway: a self-hosted server for interactive courses and labs.

pub mod domain;
pub mod grading;

//! Slipway: a self-hosted server for interactive courses and labs.

pub mod cli;
pub mod domain;
pub mod sandbox;

//! Slipway: a self-hosted server for interactive courses and labs.

pub mod auth;
pub mod boards;
pub mod cli;
pub mod config;
pub mod content;
pub mod domain;
pub mod grading;
pub mod lifecycle;
pub mod sandbox;
pub mod services;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod wire;

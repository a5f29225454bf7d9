//! Slipway: a self-hosted server for interactive courses and labs.

pub mod auth;
pub mod config;
pub mod domain;
pub mod grading;
pub mod sandbox;
pub mod store;
pub mod web;

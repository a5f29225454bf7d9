//! The words of the product as types: pure, always valid, free of I/O.
//!
//! Must not import any other module of this crate.

pub mod board;
pub mod check;
pub mod clock;
pub mod cluster;
pub mod course;
pub mod ids;
pub mod lab;
pub mod measurement;
pub mod preview;
pub mod quantity;
pub mod sandbox;
pub mod score;
pub mod submission;
pub mod text;
pub mod user;

//! The whole agent in this process, as the current user: everything that needs no container.

// Helpers outside of test functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod exec;
mod files;
mod network;
mod terminal;

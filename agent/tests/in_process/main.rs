//! The whole agent in this process, as the current user: everything that needs no container.

mod common;
mod exec;
mod files;
mod network;
mod terminal;

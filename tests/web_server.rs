//! The web layer from outside: real routes over a real database, a fake engine, and the real agent
//! in this process where a machine must answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "web_server/support.rs"]
mod support;

#[path = "web_server/accounts.rs"]
mod accounts;
#[path = "web_server/api.rs"]
mod api;
#[path = "web_server/boards.rs"]
mod boards;
#[path = "web_server/events.rs"]
mod events;
#[path = "web_server/pages.rs"]
mod pages;
#[path = "web_server/previews.rs"]
mod previews;
#[path = "web_server/requests.rs"]
mod requests;
#[path = "web_server/roles.rs"]
mod roles;
#[path = "web_server/terminals.rs"]
mod terminals;

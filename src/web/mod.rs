//! What the browser sees: pages, the JSON API, events, terminals, and the routes to them.
//!
//! Handlers parse, authorise (by extractor), call one use case and render. Whatever fails is a
//! [`error::WebError`], turned into a page or JSON in one place. axum appears here alone.

mod access;
mod api;
pub mod error;
mod extract;
pub mod i18n;
mod limits;
mod middleware;
mod pages;
mod present;
mod preview;
mod redirect;
mod request;
mod routes;
mod serve;
mod state;
pub mod view;
mod ws;

pub use routes::router;
pub use serve::serve;

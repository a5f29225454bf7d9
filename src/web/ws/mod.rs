//! WebSockets.

mod bridge;
mod frame;
pub(super) mod terminal;

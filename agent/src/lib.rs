//! The Slipway agent: what the server and the program inside a machine say to each other.
//!
//! * [`protocol`] holds the messages, bounded and validated, shared by both sides.
//! * [`client`] is the server's side: one [`client::AgentClient`] per machine.
//! * [`daemon`] is the side in the container; only the `slipway-agent` binary and tests use it.
//!
//! The server never believes the agent: whatever arrives is capped, checked, and can at worst
//! harm the sandbox it came from.

mod body;
pub mod client;
pub mod daemon;
pub mod protocol;

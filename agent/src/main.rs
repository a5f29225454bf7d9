//! Slipway agent.
fn main() {}

//! Slipway agent.

//! HTTP over a stream that an agent dialled: the server speaks, whoever answers is not believed.
//!
//! Everything is bounded: heads, bodies, lines, time. Knows nothing of what is asked, nor how the
//! stream came about.

pub mod connection;
pub mod http;
pub mod lines;

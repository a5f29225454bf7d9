//! Previews of an attempt's machines.

mod link;

pub(in crate::web) use link::link;

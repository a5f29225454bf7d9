//! The result of testing a lab.

//! The commands of the program, one file each.

pub mod junit;
pub mod lab_lint;

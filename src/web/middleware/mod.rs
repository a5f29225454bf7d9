//! What surrounds every request.

mod around;
pub(crate) mod cookies;
mod failure;
mod headers;
pub(crate) mod origin;
mod slash;

pub(crate) use around::around;
pub(crate) use headers::{ShowsPreviews, UsesStyleNonce};

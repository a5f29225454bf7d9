//! What the browser sees: pages, texts in both languages, and (elsewhere) the routes to them.

pub mod i18n;
pub mod view;

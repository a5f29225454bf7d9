//! Courses and labs as authors keep them in files: reading, explaining mistakes, rendering.
//!
//! Owns the file formats. May import [`crate::domain`] only; knows nothing of the store, the web
//! or the engine.

pub mod catalog;
pub mod folder;
pub mod frontmatter;
pub mod lint;
pub mod loader;
pub mod localized;
pub mod manifest;
pub mod markdown;
pub mod positions;
pub mod problem;
pub mod render;
pub mod schema;

pub use catalog::{Catalog, Lesson, Loaded, LoadedCourse, LoadedItem, LoadedLab, LoadedModule};
pub use localized::Localized;
pub use markdown::{Html, highlight_css};
pub use problem::{Problem, Severity};
pub use render::render_step;

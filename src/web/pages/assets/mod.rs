//! Files that are made or kept by the server itself.

mod course_image;
mod highlight_css;
pub(in crate::web) use course_image::course_image;
pub(in crate::web) use highlight_css::highlight_css;

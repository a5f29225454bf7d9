//! The texts of a lab out of its files, whether they come from disk or from a stored version.

use super::{
    folder::{Files, join},
    manifest,
    markdown::{self, Context, Html, Image, Note, Rendered},
    problem::Severity,
};
use crate::domain::{
    ids::Slug,
    lab::{Lab, Step},
    text::Locale,
};

/// The endings of images: drawings, which become part of the page, and pictures, which are shown
/// from an address.
const IMAGES: [&str; 5] = [".svg", ".png", ".webp", ".jpg", ".jpeg"];

/// Whether a file is an image that pages may show.
pub fn is_image(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    IMAGES.iter().any(|ending| path.ends_with(ending))
}

/// The image at `path` (as written in a text of the folder `base`) among `files`.
pub(super) fn image<'a>(files: &'a Files, base: &str, path: &str) -> Image<'a> {
    let inside = path.starts_with("images/") && super::folder::unsafe_path(path).is_none();
    match files.get(&join(base, path)) {
        Some(bytes) if inside && path.to_ascii_lowercase().ends_with(".svg") => Image::Svg(bytes),
        Some(_) if inside && is_image(path) => Image::Picture,
        _ => Image::Missing,
    }
}

/// The name of a step's Markdown file.
pub fn step_file(step: &Step, locale: Locale) -> String {
    format!("{}.{}.md", step.text, locale.code())
}

/// Renders a step's instructions out of the files of the lab's folder, which may be those of a
/// stored version. `image_url` gives the address of a picture (not of a diagram, which becomes
/// part of the page) by its path in the folder. A text that is missing or unreadable is empty;
/// lint has said so before the version was stored.
pub fn render_step(
    files: &Files,
    lab: &Lab,
    step: &Step,
    locale: Locale,
    image_url: &dyn Fn(&str) -> String,
) -> Html {
    render_step_with_notes(files, lab, step, locale, image_url).html
}

/// [`render_step`] with what its author should know.
pub(super) fn render_step_with_notes(
    files: &Files,
    lab: &Lab,
    step: &Step,
    locale: Locale,
    image_url: &dyn Fn(&str) -> String,
) -> Rendered {
    let name = step_file(step, locale);
    let text = files
        .get(&name)
        .and_then(|bytes| manifest::text(&name, bytes).ok())
        .unwrap_or_default();
    let prefix = format!("{}-", step.id);
    markdown::render(
        &text,
        &Context {
            locale,
            id_prefix: &prefix,
            image: &|path| image(files, "", path),
            image_url,
            machines: &lab.machines,
        },
    )
}

/// Whether a text says nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// The problem that a note is, in a file whose text begins after `lines_before` lines.
pub(super) fn problem(file: &str, note: Note, lines_before: u32) -> super::Problem {
    let Note {
        line,
        severity,
        rule,
        message,
        remedy,
    } = note;
    let problem = match severity {
        Severity::Error => super::Problem::error(rule, file, message, remedy),
        Severity::Warning => super::Problem::warning(rule, file, message, remedy),
    };
    problem.at_line(line.saturating_add(lines_before))
}

/// The address under which the server shows a file of a course.
pub fn asset_url(course: &Slug, path: &str) -> String {
    format!("/assets/courses/{course}/{path}")
}

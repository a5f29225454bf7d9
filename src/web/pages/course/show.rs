//! GET `/courses/{course}`

use axum::{extract::State, response::Response};

use crate::{
    domain::{course::OtherCourse, ids::Slug, text::Text},
    services::App,
    web::{
        error::WebError,
        extract::{PathParts, Visitor},
        pages::{outline, page},
        view::{
            Html,
            course::{CoursePage, OtherCourseView},
        },
    },
};

pub(in crate::web) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    PathParts(id): PathParts<Slug>,
) -> Result<Response, WebError> {
    let loaded = app.loaded();
    let found = loaded.catalog.course(&id).ok_or(WebError::NotFound)?;
    let locale = visitor.locale();
    let progress = match visitor.user_id() {
        Some(user) => Some(app.progress(user, &id).await?),
        None => None,
    };
    let modules = outline::modules(found, progress.as_ref(), locale);
    let text = |text: &Text| text.get(locale).to_owned();
    let course = &found.course;
    let other = |other: &OtherCourse| OtherCourseView {
        title: text(&other.title),
        summary: other.summary.as_ref().map(text),
        url: other.url.clone(),
    };
    Ok(page(CoursePage {
        layout: visitor.layout(text(&course.title)),
        title: text(&course.title),
        summary: text(&course.summary),
        teacher: text(&course.teacher.name),
        teacher_bio: course.teacher.bio.as_ref().map(text),
        audience: text(&course.audience),
        learn: course.learn.iter().map(text).collect(),
        introduction: Html::sanitised(found.introduction.get(locale).as_str()),
        other_courses: course.other_courses.iter().map(other).collect(),
        contact_text: text(&course.contact.text),
        contact_url: course.contact.url.clone(),
        progress: progress.map(|_| outline::progress(&modules)),
        next: outline::next(&id, &modules),
        modules,
        id,
    }))
}

//! GET `/courses/{course}/lessons/{lesson}`

use axum::{extract::State, response::Response};

use super::contents;
use crate::{
    domain::ids::Slug,
    services::App,
    web::{
        error::WebError,
        extract::{PathParts, Visitor},
        pages::{
            outline::{self, Place},
            page,
        },
        view::{Html, lesson::LessonPage, parts::ItemKind},
    },
};

pub(in crate::web) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    PathParts((course_id, id)): PathParts<(Slug, Slug)>,
) -> Result<Response, WebError> {
    let loaded = app.loaded();
    let course = loaded
        .catalog
        .course(&course_id)
        .ok_or(WebError::NotFound)?;
    let lesson = course.lessons.get(&id).ok_or(WebError::NotFound)?;
    let locale = visitor.locale();
    let place = outline::place(course, &id, ItemKind::Lesson, locale);
    let Place {
        module,
        previous,
        next,
    } = place.ok_or(WebError::NotFound)?;
    let done = match visitor.user_id() {
        Some(user) => Some(
            app.progress(user, &course_id)
                .await?
                .lessons_read
                .contains(id.as_str()),
        ),
        None => None,
    };
    let body = lesson.body.get(locale).as_str();
    let title = lesson.title.get(locale).to_owned();
    Ok(page(LessonPage {
        layout: visitor.layout(title.clone()),
        course: course_id,
        course_title: course.course.title.get(locale).to_owned(),
        module_title: module,
        id,
        title,
        minutes: Some(u32::from(lesson.minutes)),
        contents: contents::of(body),
        body: Html::sanitised(body),
        previous,
        next,
        done,
    }))
}

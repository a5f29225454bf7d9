//! GET `/`

use axum::{extract::State, response::Response};

use crate::{
    services::App,
    web::{
        error::WebError,
        extract::Visitor,
        pages::{outline, page},
        redirect,
        view::{
            home::{CourseCard, HomePage},
            urls,
        },
    },
};

pub(in crate::web) async fn show(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    let loaded = app.loaded();
    let locale = visitor.locale();
    if let (Some(only), 1) = (
        loaded.catalog.courses.keys().next(),
        loaded.catalog.courses.len(),
    ) {
        return Ok(redirect::to(&urls::course(only)));
    }
    let mut courses = Vec::new();
    for (id, course) in &loaded.catalog.courses {
        let progress = match visitor.user_id() {
            Some(user) => {
                let progress = app.progress(user, id).await?;
                Some(outline::progress(&outline::modules(
                    course,
                    Some(&progress),
                    locale,
                )))
            }
            None => None,
        };
        let (lessons, labs) = outline::counts(course);
        courses.push(CourseCard {
            id: id.clone(),
            title: course.course.title.get(locale).to_owned(),
            summary: course.course.summary.get(locale).to_owned(),
            teacher: course.course.teacher.name.get(locale).to_owned(),
            lessons,
            labs,
            progress,
        });
    }
    let layout = visitor.layout(visitor.t().get("home-title"));
    Ok(page(HomePage { layout, courses }))
}

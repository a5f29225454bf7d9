//! GET `/me`

use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    domain::{ids::UserId, sandbox::SandboxState, text::Locale},
    services::{App, ServiceError},
    store::attempts::Attempt,
    web::{
        error::WebError,
        extract::{QueryParts, SignedIn},
        pages::{outline, page},
        present,
        view::{
            Notice, NoticeKind,
            me::{MePage, MyCourse, MyLab, MySubmission},
            parts::FieldError,
            urls,
        },
    },
};

/// How many submissions are listed.
const SUBMISSIONS: usize = 20;

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Done {
    #[serde(default)]
    done: String,
}

pub(in crate::web) async fn show(
    State(app): State<App>,
    viewer: SignedIn,
    QueryParts(Done { done }): QueryParts<Done>,
) -> Result<Response, WebError> {
    let mut page_data = build(&app, &viewer, Vec::new()).await?;
    if done == "password" {
        let text = viewer.t().get("me-password-changed");
        page_data.layout.notice = Some(Notice {
            kind: NoticeKind::Success,
            text,
        });
    }
    Ok(page(page_data))
}

/// The page, with what is wrong with the password form.
pub(super) async fn build(
    app: &App,
    viewer: &SignedIn,
    errors: Vec<FieldError>,
) -> Result<MePage, WebError> {
    let user = app
        .store
        .user(viewer.user())
        .await
        .map_err(ServiceError::from)?;
    let user = user.ok_or(WebError::SignInRequired)?;
    let locale = viewer.locale();
    let mut attempts = app
        .store
        .attempts_of(user.id)
        .await
        .map_err(ServiceError::from)?;
    attempts.reverse();
    let mut labs = Vec::with_capacity(attempts.len());
    let mut submissions = Vec::new();
    for attempt in &attempts {
        labs.push(lab(app, attempt, locale, &mut submissions).await?);
    }
    labs.sort_by_key(|lab| std::cmp::Reverse(lab.last_at));
    submissions.sort_by_key(|s: &MySubmission| std::cmp::Reverse(s.at));
    submissions.truncate(SUBMISSIONS);
    let mut layout = viewer.layout(viewer.t().get("nav-me"));
    urls::ME.clone_into(&mut layout.path);
    Ok(MePage {
        layout,
        username: user.username.to_string(),
        role: user.role,
        created_at: user.created_at,
        courses: courses(app, user.id, locale).await?,
        labs,
        submissions,
        errors,
    })
}

async fn courses(app: &App, user: UserId, locale: Locale) -> Result<Vec<MyCourse>, WebError> {
    let loaded = app.loaded();
    let mut courses = Vec::new();
    for (id, course) in &loaded.catalog.courses {
        let progress = app.progress(user, id).await?;
        if progress.lessons_read.is_empty() && progress.labs.is_empty() {
            continue;
        }
        courses.push(MyCourse {
            id: id.clone(),
            title: course.course.title.get(locale).to_owned(),
            progress: outline::progress(&outline::modules(course, Some(&progress), locale)),
        });
    }
    Ok(courses)
}

async fn lab(
    app: &App,
    attempt: &Attempt,
    locale: Locale,
    submissions: &mut Vec<MySubmission>,
) -> Result<MyLab, WebError> {
    let version = app.lab_version(attempt.lab_version_id).await?;
    let title = version.lab.title.get(locale).to_owned();
    let sandbox = app
        .store
        .latest_sandbox(attempt.id)
        .await
        .map_err(ServiceError::from)?;
    let mut last_at = attempt.created_at;
    if let Some(sandbox) = &sandbox {
        last_at = last_at.max(sandbox.ended_at.unwrap_or(sandbox.requested_at));
    }
    let latest = app
        .store
        .latest_submissions(attempt.id)
        .await
        .map_err(ServiceError::from)?;
    for submission in latest {
        last_at = last_at.max(submission.submitted_at);
        let step = version.lab.step(&submission.step);
        submissions.push(MySubmission {
            lab: title.clone(),
            step: step.map_or_else(
                || submission.step.to_string(),
                |step| step.title.get(locale).to_owned(),
            ),
            at: submission.submitted_at,
            state: submission.state,
            score: present::submission_score(&submission),
        });
    }
    Ok(MyLab {
        course: attempt.course.clone(),
        id: attempt.lab.clone(),
        title,
        score: app.score(attempt).await?,
        running: sandbox
            .filter(|s| s.state != SandboxState::Ended)
            .map(|s| (attempt.id, s.state)),
        last_at,
    })
}

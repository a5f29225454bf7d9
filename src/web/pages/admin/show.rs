//! GET `/admin`

use std::collections::HashMap;

use axum::{extract::State, response::Response};

use super::{labs, needs};
use crate::{
    domain::{ids::UserId, text::Locale, user::Role},
    services::{App, Refusal, ServiceError},
    store::{sandboxes::Sandbox, submissions::RecentSubmission},
    web::{
        error::{Explanation, WebError},
        extract::Instructor,
        i18n::Translator,
        pages::page,
        present,
        view::{
            admin::{AdminPage, AdminResult, AdminSandbox, AdminSubmission, AdminUser, EngineLine},
            urls,
        },
    },
};

/// How many ended sandboxes are listed.
const ENDED: u32 = 10;
/// How many submissions are listed.
const SUBMISSIONS: u32 = 30;

pub(in crate::web) async fn show(
    State(app): State<App>,
    viewer: Instructor,
) -> Result<Response, WebError> {
    let locale = viewer.locale();
    let is_admin = viewer.role() == Role::Admin;
    let people = app.store.users().await.map_err(ServiceError::from)?;
    let names: HashMap<UserId, String> = people
        .iter()
        .map(|u| (u.id, u.username.to_string()))
        .collect();
    let mut found = app
        .store
        .live_sandboxes()
        .await
        .map_err(ServiceError::from)?;
    found.extend(
        app.store
            .ended_sandboxes(ENDED)
            .await
            .map_err(ServiceError::from)?,
    );
    let mut sandboxes = Vec::with_capacity(found.len());
    for each in found {
        let learner = names.get(&each.user_id).cloned().unwrap_or_default();
        sandboxes.push(sandbox(&app, each, learner, is_admin, locale).await?);
    }
    let mut submissions = Vec::new();
    let recent = app
        .store
        .recent_submissions(SUBMISSIONS)
        .await
        .map_err(ServiceError::from)?;
    for each in recent {
        submissions.push(submission(&app, each, locale).await?);
    }
    let users = is_admin.then(|| {
        let user = |user: crate::domain::user::User| AdminUser {
            may_change: user.id != viewer.user(),
            id: user.id,
            name: user.username.to_string(),
            role: user.role,
            created_at: user.created_at,
        };
        people.into_iter().map(user).collect()
    });
    let mut layout = viewer.layout(viewer.t().get("nav-admin"));
    urls::ADMIN.clone_into(&mut layout.path);
    let image = |(name, state)| present::image(name, state);
    Ok(page(AdminPage {
        layout,
        engine: engine(&app, viewer.t()).await,
        labs: labs::list(&app, &app.loaded(), locale).await?,
        needs: needs::list(&app, viewer.t()).await?,
        images: app.image_states().into_iter().map(image).collect(),
        sandboxes,
        submissions,
        users,
    }))
}

async fn engine(app: &App, t: Translator) -> EngineLine {
    match app.engine.info().await {
        Ok(info) => EngineLine {
            ok: true,
            text: format!(
                "{} {} (API {})",
                info.product, info.version, info.api_version
            ),
            remedy: None,
        },
        Err(error) => {
            tracing::warn!(%error, "the container engine does not tell about itself");
            let Explanation { what, remedy, .. } = Explanation::of_refusal(t, Refusal::EngineDown);
            // Instructors run the server: they see the cause.
            EngineLine {
                ok: false,
                text: format!("{what} ({error})"),
                remedy: Some(remedy),
            }
        }
    }
}

async fn sandbox(
    app: &App,
    sandbox: Sandbox,
    learner: String,
    is_admin: bool,
    locale: Locale,
) -> Result<AdminSandbox, WebError> {
    let version = app.lab_version(sandbox.lab_version_id).await?;
    Ok(AdminSandbox {
        id: sandbox.id,
        learner,
        lab: version.lab.title.get(locale).to_owned(),
        state: sandbox.state,
        end_reason: sandbox.end_reason,
        created_at: sandbox.requested_at,
        expires_at: sandbox.expires_at,
        may_end: is_admin && sandbox.end_reason.is_none(),
    })
}

async fn submission(
    app: &App,
    recent: RecentSubmission,
    locale: Locale,
) -> Result<AdminSubmission, WebError> {
    let RecentSubmission {
        submission,
        username,
        lab: _,
    } = recent;
    let version = app.lab_version(submission.lab_version_id).await?;
    let step = version.lab.step(&submission.step);
    let results = app
        .store
        .check_results(submission.id)
        .await
        .map_err(ServiceError::from)?;
    let results = results
        .into_iter()
        .filter_map(|result| {
            let check = step?.checks.iter().find(|c| c.id == result.check)?;
            Some(AdminResult {
                check: check.title.get(locale).to_owned(),
                outcome: result.outcome,
                trust: check.kind.trust(),
                evidence: result.evidence,
                duration_ms: result.duration_ms,
            })
        })
        .collect();
    Ok(AdminSubmission {
        id: submission.id,
        learner: username.to_string(),
        lab: version.lab.title.get(locale).to_owned(),
        step: step.map_or_else(
            || submission.step.to_string(),
            |s| s.title.get(locale).to_owned(),
        ),
        at: submission.submitted_at,
        state: submission.state,
        score: present::submission_score(&submission),
        results,
    })
}

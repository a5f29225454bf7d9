//! GET `/courses/{course}/labs/{lab}`

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};

use crate::{
    domain::{
        ids::{Slug, UserId},
        lab::{Lab, Network, Step},
        sandbox::SandboxState,
        score::Score,
        submission::Outcome,
        user::Role,
    },
    services::{App, Refusal},
    store::attempts::Attempt,
    web::{
        error::{Explanation, WebError},
        extract::{PathParts, Visitor},
        i18n::Translator,
        pages::{
            outline::{self, Place},
            page,
        },
        present,
        view::{
            lab_start::{LabStartPage, MachineLine, RunningSandbox, StartState, StepLine},
            needs::Needs,
            parts::ItemKind,
        },
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
    let loaded_lab = course.labs.get(&id).ok_or(WebError::NotFound)?;
    let lab = &loaded_lab.lab;
    let locale = visitor.locale();
    let place = outline::place(course, &id, ItemKind::Lab, locale);
    let Place {
        module,
        previous,
        next,
    } = place.ok_or(WebError::NotFound)?;
    let attempt = match visitor.user_id() {
        Some(user) => app
            .store
            .attempt_at(user, &id)
            .await
            .map_err(crate::services::ServiceError::from)?,
        None => None,
    };
    let (best, outcomes) = match &attempt {
        Some(attempt) => {
            let outcomes = app.store.best_outcomes(attempt.id).await;
            let outcomes = outcomes.map_err(crate::services::ServiceError::from)?;
            (app.score(attempt).await?, outcomes)
        }
        None => (
            Score {
                earned: 0,
                possible: lab.points(),
            },
            BTreeMap::new(),
        ),
    };
    let is_done = |step: &Step| {
        step.checks
            .iter()
            .all(|c| outcomes.get(&c.id) == Some(&Outcome::Passed))
    };
    let step = |step: &Step| StepLine {
        title: step.title.get(locale).to_owned(),
        points: step.points(),
        done: is_done(step),
    };
    let machine = |machine: &crate::domain::lab::Machine| MachineLine {
        name: machine.name.clone(),
        image: machine.image.clone(),
        profile: machine.profile,
        memory: machine.memory.to_string(),
    };
    let start = match visitor.user_id() {
        None => StartState::SignIn,
        Some(user) => start_state(&app, user, attempt.as_ref(), lab, visitor.t()).await?,
    };
    let is_staff = visitor
        .login()
        .is_some_and(|login| login.role() >= Role::Instructor);
    let needs = if is_staff {
        present::needs(app.measurement_of(loaded_lab).await?, visitor.t())
    } else {
        Needs::Hidden
    };
    let title = lab.title.get(locale).to_owned();
    Ok(page(LabStartPage {
        layout: visitor.layout(title.clone()),
        course: course_id,
        course_title: course.course.title.get(locale).to_owned(),
        module_title: module,
        id,
        title,
        summary: lab.summary.get(locale).to_owned(),
        level: lab.level,
        minutes: lab.duration.as_minutes(),
        extension_minutes: lab.extension.as_minutes(),
        extensions: lab.max_extensions,
        machines: lab.machines.iter().map(machine).collect(),
        internet: lab.network == Network::Internet,
        steps: lab.steps.iter().map(step).collect(),
        best,
        attempted: attempt.is_some(),
        start,
        needs,
        previous,
        next,
    }))
}

async fn start_state(
    app: &App,
    user: UserId,
    attempt: Option<&Attempt>,
    lab: &Lab,
    t: Translator,
) -> Result<StartState, WebError> {
    let live = app.live_sandboxes_of(user).await?;
    if let Some(running) = live
        .iter()
        .find(|s| Some(s.attempt_id) == attempt.map(|a| a.id))
    {
        let is_ready = matches!(running.state, SandboxState::Ready | SandboxState::Paused);
        return Ok(StartState::Running {
            attempt: running.attempt_id,
            expires_at: running.expires_at.filter(|_| is_ready),
        });
    }
    if !app.reconciler.engine_is_up() {
        let Explanation { why, remedy, .. } = Explanation::of_refusal(t, Refusal::EngineDown);
        return Ok(StartState::EngineMissing {
            problem: why,
            remedy,
        });
    }
    let limit = app.config.max_sandboxes_per_learner;
    if live.len() >= limit as usize {
        let mut running = Vec::with_capacity(live.len());
        for sandbox in live {
            let version = app.lab_version(sandbox.lab_version_id).await?;
            let title = version.lab.title.get(t.locale()).to_owned();
            running.push(RunningSandbox {
                title,
                attempt: sandbox.attempt_id,
            });
        }
        return Ok(StartState::LimitReached { limit, running });
    }
    let images = app.images_not_ready(lab);
    if images.is_empty() {
        return Ok(StartState::Ready);
    }
    let image = |(name, state)| present::image(name, state);
    Ok(StartState::Images(images.into_iter().map(image).collect()))
}

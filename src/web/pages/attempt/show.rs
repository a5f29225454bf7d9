//! GET `/attempts/{attempt}`

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};

use crate::{
    content::render::asset_url,
    domain::{check::Check, ids::Slug, lab::Step, submission::Outcome},
    sandbox::profiles::LEARNER_HOME,
    services::{App, ServiceError},
    web::{
        error::WebError,
        extract::{SeenAttempt, Visitor},
        middleware::{ShowsPreviews, UsesStyleNonce},
        pages::page,
        present, redirect,
        view::{
            Html,
            lab::{LabPage, StepText},
            lab_data::{
                BoardPlace, CheckData, EditorData, LabData, MachineData, PortData, StepData,
            },
            urls,
        },
    },
};

pub(in crate::web) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    seen: SeenAttempt,
) -> Result<Response, WebError> {
    let attempt = &seen.attempt;
    let locale = visitor.locale();
    let Some(sandbox) = present::sandbox(&app, attempt.id, visitor.t()).await? else {
        // Begun, but refused a sandbox: the page before says why.
        return Ok(redirect::to(&urls::lab(&attempt.course, &attempt.lab)));
    };
    let version = app.lab_version(attempt.lab_version_id).await?;
    let lab = &version.lab;
    let best = app
        .store
        .best_outcomes(attempt.id)
        .await
        .map_err(ServiceError::from)?;
    let mut hints = app.opened_hints(attempt, locale).await?;

    let loaded = app.loaded();
    let folder = loaded
        .catalog
        .lab(&lab.id)
        .map(|l| format!("{}/{}", l.module, l.lab.id));
    let folder = folder.unwrap_or_else(|| lab.id.to_string());
    let image_url = |path: &str| asset_url(&attempt.course, &format!("{folder}/{path}"));
    let mut texts = app.step_texts(attempt, locale, &image_url).await?;

    let course_title = loaded.catalog.course(&attempt.course).map_or_else(
        || attempt.course.to_string(),
        |c| c.course.title.get(locale).to_owned(),
    );
    let title = lab.title.get(locale).to_owned();
    let data = LabData {
        attempt: attempt.id,
        csrf: visitor.csrf().to_owned(),
        locale,
        style_nonce: visitor.info().style_nonce.clone(),
        machines: lab
            .machines
            .iter()
            .filter(|m| m.terminals > 0)
            .map(|m| MachineData {
                name: m.name.clone(),
                terminals: m.terminals,
                learner_home: LEARNER_HOME.to_owned(),
            })
            .collect(),
        editor: lab.editor.as_ref().map(|e| EditorData {
            machine: e.machine.clone(),
            folder: e.folder.clone(),
            open: e.open.clone(),
        }),
        boards: lab
            .boards
            .iter()
            .map(|board| BoardPlace {
                kind: board.kind(),
                machines: board.machines().to_vec(),
            })
            .collect(),
        ports: lab
            .ports
            .iter()
            .map(|port| PortData {
                machine: port.machine.clone(),
                port: port.port,
                title: Some(port.title.get(locale).to_owned()),
                listens: false,
            })
            .collect(),
        steps: lab
            .steps
            .iter()
            .map(|step| StepData {
                id: step.id.clone(),
                title: step.title.get(locale).to_owned(),
                points: step.points(),
                checks: step
                    .checks
                    .iter()
                    .map(|c| check(c, &best, locale))
                    .collect(),
                hints_total: step.hints.len(),
                hints_opened: hints.get(&step.id).map_or(0, Vec::len),
            })
            .collect(),
        reset_keeps_home: lab.reset_keeps_home,
        sandbox,
        score: app.score(attempt).await?,
        strings: visitor.t().client_strings(),
    };
    let mut sanitised = |step: &Step| StepText {
        id: step.id.clone(),
        title: step.title.get(locale).to_owned(),
        body: Html::sanitised(texts.remove(&step.id).unwrap_or_default().as_str()),
        hints: hints
            .remove(&step.id)
            .unwrap_or_default()
            .iter()
            .map(|hint| Html::sanitised(hint.as_str()))
            .collect(),
    };
    let steps = lab.steps.iter().map(&mut sanitised).collect();
    let mut layout = visitor.layout(title.clone());
    layout.style_nonce.clone_from(&visitor.info().style_nonce);
    let mut response = page(LabPage {
        layout,
        course: attempt.course.clone(),
        course_title,
        lab: lab.id.clone(),
        title,
        steps,
        data,
    });
    response.extensions_mut().insert(UsesStyleNonce);
    response.extensions_mut().insert(ShowsPreviews);
    Ok(response)
}

fn check(
    check: &Check,
    best: &BTreeMap<Slug, Outcome>,
    locale: crate::domain::text::Locale,
) -> CheckData {
    CheckData {
        id: check.id.clone(),
        title: check.title.get(locale).to_owned(),
        points: check.points,
        live: check.live,
        best: best.get(&check.id).copied(),
    }
}

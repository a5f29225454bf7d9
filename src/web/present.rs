//! From what the use cases return to what pages and scripts show.

use std::sync::Arc;

use super::{
    i18n::Translator,
    view::{
        lab_data::{
            ImageData, PortData, PortsData, ResultData, SandboxData, SubmissionData, TickData,
            TicksData,
        },
        needs::{LabNeeds, MachineNeeds, Needs},
        parts::{ImageProgress, ImageState as Shown},
    },
};
use crate::{
    domain::{
        ids::{AttemptId, Slug},
        measurement::Host,
        sandbox::EndReason,
        score::Score,
        submission::{CheckResult, SubmissionState},
        text::Locale,
    },
    sandbox::images::ImageState,
    services::{
        App, ServiceError,
        grading::SubmissionView,
        measuring::Known,
        previews::Offer,
        sandboxes::{SandboxView, Wait},
    },
    store::submissions::Submission,
};

/// How an image is.
pub(crate) fn image(name: Slug, state: ImageState) -> ImageProgress {
    let (state, percent, line) = match state {
        // What is missing is built as soon as it is needed.
        ImageState::Missing | ImageState::Queued => (Shown::Queued, None, String::new()),
        ImageState::Building {
            percent, last_line, ..
        } => (Shown::Building, Some(percent), last_line),
        ImageState::Ready { .. } => (Shown::Ready, None, String::new()),
        ImageState::Failed { log_tail } => {
            let line = log_tail
                .into_iter()
                .rev()
                .find(|line| !line.trim().is_empty());
            (Shown::Failed, None, line.unwrap_or_default())
        }
    };
    ImageProgress {
        name,
        state,
        percent,
        line,
    }
}

/// How the latest sandbox of an attempt is; `None` before the first.
pub(crate) async fn sandbox(
    app: &App,
    attempt: AttemptId,
    t: Translator,
) -> Result<Option<SandboxData>, ServiceError> {
    let Some(view) = app.sandbox_view(attempt).await? else {
        return Ok(None);
    };
    let generation = app.store.generations_of(attempt).await?;
    let message = message(&view, t);
    let SandboxView {
        sandbox,
        queue_position,
        wait: _,
        images,
        now,
        extensions_left,
        extension_minutes,
    } = view;
    let image = |(name, state)| {
        let ImageProgress {
            name,
            state,
            percent,
            line,
        } = image(name, state);
        ImageData {
            name,
            state,
            percent,
            line,
        }
    };
    Ok(Some(SandboxData {
        generation,
        state: sandbox.state,
        queue_position: queue_position.and_then(|n| u32::try_from(n).ok()),
        images: images.into_iter().map(image).collect(),
        message,
        now,
        ready_at: sandbox.ready_at,
        expires_at: sandbox.expires_at,
        extensions_left: u8::try_from(extensions_left).unwrap_or(u8::MAX),
        extension_minutes,
        end_reason: sandbox.end_reason,
    }))
}

/// What a learner should know beyond the state. The failure itself is for logs and instructors.
fn message(view: &SandboxView, t: Translator) -> Option<String> {
    let key = match (view.sandbox.end_reason, view.wait) {
        (Some(EndReason::Failed), _) => "message-failed",
        (Some(EndReason::Lost), _) => "message-lost",
        (Some(EndReason::Stopped), _) => "message-stopped",
        (Some(EndReason::Finished | EndReason::Expired), _) | (None, None) => return None,
        (None, Some(Wait::Engine)) => "message-waits-for-engine",
        (None, Some(Wait::Images)) => "message-waits-for-images",
        (None, Some(Wait::Room)) => "message-waits-for-room",
    };
    Some(t.get(key))
}

/// The points of a submission.
pub(crate) fn submission_score(submission: &Submission) -> Score {
    Score {
        earned: submission.earned.unwrap_or(0),
        possible: submission.possible,
    }
}

/// A submission with its results.
pub(crate) fn submission(view: SubmissionView, locale: Locale) -> SubmissionData {
    let SubmissionView {
        submission,
        results,
        lab_score,
    } = view;
    let is_final = submission.state.is_final();
    let result = |result: CheckResult| ResultData {
        check: result.check,
        outcome: result.outcome,
        // Nothing counts that was not graded to the end.
        points: if submission.state == SubmissionState::Graded {
            result.points
        } else {
            0
        },
        message: result.message.map(|m| m.get(locale).to_owned()),
    };
    SubmissionData {
        id: submission.id,
        step: submission.step.clone(),
        state: submission.state,
        score: submission_score(&submission),
        results: if is_final {
            results.into_iter().map(result).collect()
        } else {
            Vec::new()
        },
        lab_score,
    }
}

/// What a lab was measured to need, as instructors see it.
pub(crate) fn needs(known: Option<Known>, t: Translator) -> Needs {
    let Some(Known {
        measurement,
        is_current,
    }) = known
    else {
        return Needs::Unknown;
    };
    let (peak, promised) = (measurement.peak_bytes, measurement.promised_bytes());
    let percent = u128::from(peak.0) * 100 / u128::from(promised.0.max(1));
    let seconds = format!(
        "{}.{}",
        measurement.start_ms / 1000,
        measurement.start_ms % 1000 / 100
    );
    let Host {
        engine,
        cpus,
        memory_bytes,
    } = &measurement.host;
    let images = &measurement.images;
    Needs::Known(LabNeeds {
        rest: measurement.rest_bytes().to_string(),
        peak: peak.to_string(),
        promised: promised.to_string(),
        percent: u32::try_from(percent).map_or(100, |percent| percent.min(100)),
        start: t.with("needs-seconds", &[("s", seconds.into())]),
        images: if images.shared_once {
            images.total_bytes.to_string()
        } else {
            format!("≤ {}", images.total_bytes)
        },
        machines: measurement
            .machines
            .iter()
            .map(|machine| MachineNeeds {
                name: machine.name.clone(),
                rest: machine.rest_bytes.to_string(),
                promised: machine.promised_bytes.to_string(),
            })
            .collect(),
        measured_at: measurement.measured_at,
        host: t.with(
            "needs-host",
            &[
                ("engine", engine.as_str().into()),
                ("n", (*cpus).into()),
                ("memory", memory_bytes.to_string().into()),
            ],
        ),
        is_current,
    })
}

/// What can be shown of the machines.
pub(crate) fn ports(offers: &[Offer], locale: Locale) -> PortsData {
    let port = |offer: &Offer| PortData {
        machine: offer.machine.clone(),
        port: offer.port,
        title: offer.title.as_ref().map(|t| t.get(locale).to_owned()),
        listens: offer.listens,
    };
    PortsData {
        ports: offers.iter().map(port).collect(),
    }
}

/// Live looks.
pub(crate) fn ticks(results: &Arc<Vec<CheckResult>>, locale: Locale) -> TicksData {
    let tick = |result: &CheckResult| TickData {
        check: result.check.clone(),
        outcome: result.outcome,
        message: result.message.as_ref().map(|m| m.get(locale).to_owned()),
    };
    TicksData {
        results: results.iter().map(tick).collect(),
    }
}

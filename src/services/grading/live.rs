//! Looks that run by themselves while somebody has the lab page open. They tick off what is done;
//! only a submission counts.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use super::SandboxMachines;
use crate::{
    domain::{
        ids::AttemptId,
        sandbox::SandboxState,
        submission::{CheckResult, Outcome},
    },
    grading::{Context, Nonces, Pace, Sampling, run_check},
    services::{App, ServiceError, events::Event},
};

/// The pause between two rounds.
const EVERY: Duration = Duration::from_secs(3);
/// Attempts looked at side by side.
const AT_ONCE: usize = 8;

type Seen = HashMap<AttemptId, Vec<(String, Outcome)>>;

impl App {
    /// Looks at the labs that are open in a browser, until the server ends.
    pub async fn run_live_checks(self) {
        let mut seen = Seen::new();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let watched = self.events.watched();
            let still: HashSet<_> = watched.iter().copied().collect();
            seen.retain(|attempt, _| still.contains(attempt));
            let round = futures_util::stream::iter(watched.into_iter().map(|attempt| {
                let app = self.clone();
                async move { (attempt, app.look_live(attempt).await) }
            }));
            let results: Vec<_> = futures_util::StreamExt::collect(
                futures_util::StreamExt::buffer_unordered(round, AT_ONCE),
            )
            .await;
            for (attempt, results) in results {
                match results {
                    Ok(Some(results)) => self.tell(&mut seen, attempt, results),
                    Ok(None) => {}
                    Err(error) => tracing::debug!(attempt.id = %attempt, %error, "no live look"),
                }
            }
        }
    }

    fn tell(&self, seen: &mut Seen, attempt: AttemptId, results: Vec<CheckResult>) {
        let summary: Vec<_> = results
            .iter()
            .map(|r| (r.check.to_string(), r.outcome))
            .collect();
        if seen.get(&attempt) != Some(&summary) {
            seen.insert(attempt, summary);
            self.events
                .publish(attempt, Event::Ticks(Arc::new(results)));
        }
    }

    /// Runs the live checks of the steps that are not done; `None` when the sandbox is not ready.
    pub async fn look_live(
        &self,
        attempt: AttemptId,
    ) -> Result<Option<Vec<CheckResult>>, ServiceError> {
        let Some(sandbox) = self.store.latest_sandbox(attempt).await? else {
            return Ok(None);
        };
        if sandbox.state != SandboxState::Ready {
            return Ok(None);
        }
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let best = self.store.best_outcomes(attempt).await?;
        let machines = SandboxMachines::new(self, &sandbox);
        // Live checks are declarative by default; files are read only if one asks for them.
        let checks = version.lab.steps.iter().flat_map(|step| &step.checks);
        let wanted: Vec<_> = checks
            .filter(|c| c.live && best.get(&c.id) != Some(&Outcome::Passed))
            .collect();
        let needs_files = wanted.iter().any(|c| c.kind.reads_lab_files());
        let files = if needs_files {
            self.store.lab_files(sandbox.lab_version_id).await?
        } else {
            std::collections::BTreeMap::new()
        };
        let context = Context {
            machines: &machines,
            lab: &version.lab,
            files: &files,
            nonces: &Nonces::from_os(),
            pace: Pace::default(),
        };
        let mut results = Vec::with_capacity(wanted.len());
        for check in wanted {
            results.push(run_check(&context, check, Sampling::Once).await);
        }
        Ok(Some(results))
    }
}

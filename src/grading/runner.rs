//! Runs checks: retries, time-outs, second looks, order.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::domain::{
    check::{Check, CheckKind, Trust},
    cluster::CONTROL,
    ids::Slug,
    lab::{Lab, Network, Profile, Step},
    submission::{CheckResult, Outcome},
};

use super::{
    answers, command, docker,
    evidence::Evidence,
    file, go_test,
    kubernetes::{self, Nodes},
    look::{Finding, Look, Stop},
    machines::Machines,
    messages,
    nonce::Nonces,
    queue,
    reach::Trouble,
    script,
};

/// The files of a lab's folder, by path relative to it.
pub type LabFiles = BTreeMap<String, Vec<u8>>;

/// Looks that are under way at once in one step.
const CONCURRENT_LOOKS: usize = 4;

/// How long a look may take beyond its check's time-out, which bounds the command or the answer:
/// connecting, and killing a command with its descendants.
const LOOK_GRACE: Duration = Duration::from_secs(5);

/// The waits of grading. None of them can be an event: nothing tells when a state *stays*.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between the first and the second look at live state.
    pub second_look_after: Duration,
    /// Between a failed look and its repetition.
    pub retry_after: Duration,
    /// Until whatever is left of a step is given up.
    pub step: Duration,
}

impl Default for Pace {
    /// 1.5 s, 1 s, 5 min.
    fn default() -> Self {
        Self {
            second_look_after: Duration::from_millis(1500),
            retry_after: Duration::from_secs(1),
            step: Duration::from_mins(5),
        }
    }
}

/// How thoroughly one check is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// One look, no retries: for ticks while the learner works, which come again by themselves.
    Once,
    /// With retries, and live state that passes looked at a second time: for submissions.
    Settled,
}

/// What checks are run with.
#[derive(Debug)]
pub struct Context<'a, M> {
    /// The sandbox.
    pub machines: &'a M,
    /// The lab version that is graded.
    pub lab: &'a Lab,
    /// Its files; checks read their scripts there.
    pub files: &'a LabFiles,
    /// Random words for HTTP checks.
    pub nonces: &'a Nonces,
    /// The waits.
    pub pace: Pace,
}

/// Runs one check.
///
/// Never fails: whatever goes wrong is an outcome. Dropping the future ends whatever it runs.
pub async fn run_check<M: Machines>(
    ctx: &Context<'_, M>,
    check: &Check,
    sampling: Sampling,
) -> CheckResult {
    let until = Instant::now() + ctx.pace.step;
    let mut run = Run::new(ctx, check);
    run.first(sampling, until).await;
    if sampling == Sampling::Settled && run.wants_second_look() {
        sleep(ctx.pace.second_look_after).await;
        run.second(until).await;
    }
    run.result()
}

/// Runs every check of a step; results come in the order of the step's checks.
///
/// What only looks goes first, a few at once; live state that passes is looked at again, after
/// one wait for all. Commands and scripts follow one by one, because they may change what the
/// others look at. A check for which the step's time does not suffice is ungradable.
pub async fn grade_step<M: Machines>(ctx: &Context<'_, M>, step: &Step) -> Vec<CheckResult> {
    let until = Instant::now() + ctx.pace.step;
    let mut runs: Vec<Run<'_, M>> = step.checks.iter().map(|c| Run::new(ctx, c)).collect();

    let (mut lookers, actors): (Vec<_>, Vec<_>) = runs
        .iter_mut()
        .partition(|run| !run.check_may_change_things());
    some_at_once(
        lookers
            .iter_mut()
            .map(|run| run.first(Sampling::Settled, until).boxed()),
    )
    .await;
    // From the end of the last first look, so that every pair is at least this far apart.
    let next = Instant::now() + ctx.pace.second_look_after;
    lookers.retain(|run| run.wants_second_look());
    if !lookers.is_empty() {
        sleep_until(next).await;
        some_at_once(lookers.iter_mut().map(|run| run.second(until).boxed())).await;
    }
    for run in actors {
        run.first(Sampling::Settled, until).await;
    }
    runs.into_iter().map(Run::result).collect()
}

async fn some_at_once<'r>(looks: impl Iterator<Item = BoxFuture<'r, ()>> + Send) {
    // Collected first: a lazy iterator's closure is not general enough for the compiler to see
    // that the whole can be sent between threads.
    let looks: Vec<BoxFuture<'r, ()>> = looks.collect();
    stream::iter(looks)
        .buffer_unordered(CONCURRENT_LOOKS)
        .collect::<()>()
        .await;
}

/// One check on its way to its result.
struct Run<'a, M> {
    ctx: &'a Context<'a, M>,
    check: &'a Check,
    finding: Finding,
    unstable: bool,
    evidence: Evidence,
    took: Duration,
}

impl<'a, M: Machines> Run<'a, M> {
    fn new(ctx: &'a Context<'a, M>, check: &'a Check) -> Self {
        Self {
            ctx,
            check,
            finding: Finding::Ungradable(messages::out_of_time()),
            unstable: false,
            evidence: Evidence::new(ctx.machines.secret()),
            took: Duration::ZERO,
        }
    }

    fn check_may_change_things(&self) -> bool {
        matches!(
            self.check.kind,
            CheckKind::Command(_) | CheckKind::Script(_) | CheckKind::GoTest(_)
        )
    }

    fn wants_second_look(&self) -> bool {
        self.finding == Finding::Passed && self.check.kind.observes_live_state()
    }

    /// The first look, repeated while it is not a pass and repetitions are left.
    async fn first(&mut self, sampling: Sampling, until: Instant) {
        let started = Instant::now();
        let wanted = match sampling {
            Sampling::Once => 0,
            Sampling::Settled => match &self.check.kind {
                CheckKind::Queue(check) => self.check.retries.max(queue::least_retries(check)),
                _ => self.check.retries,
            },
        };
        let mut done = 0;
        loop {
            let Look { finding, evidence } = self.look(until).await;
            let again = match finding {
                Finding::Passed => false,
                // A connection may have broken between two requests: once more over a new one.
                Finding::GraderError => done < wanted.max(1),
                Finding::Failed { .. } | Finding::Ungradable(_) => done < wanted,
            };
            self.finding = finding;
            self.evidence = evidence;
            if !again || Instant::now() + self.ctx.pace.retry_after >= until {
                break;
            }
            done += 1;
            sleep(self.ctx.pace.retry_after).await;
        }
        if done > 0 {
            self.evidence
                .line("looked", format_args!("{} times", done + 1));
        }
        self.took += started.elapsed();
    }

    /// The second look at what passed: it must pass again, without repetitions.
    async fn second(&mut self, until: Instant) {
        let started = Instant::now();
        let Look { finding, evidence } = self.look(until).await;
        self.evidence.append("-- second look --", &evidence);
        self.unstable = matches!(finding, Finding::Failed { .. });
        self.finding = finding;
        self.took += started.elapsed();
    }

    /// One look, bounded in time.
    async fn look(&self, until: Instant) -> Look {
        let mut evidence = Evidence::new(self.ctx.machines.secret());
        let machine = match self.machine() {
            Ok(machine) => machine,
            Err(stop) => {
                let finding = stop.into_finding(&mut evidence);
                return Look { finding, evidence };
            }
        };
        let own = Instant::now() + self.check.timeout.duration() + LOOK_GRACE;
        let seen = timeout_at(own.min(until), self.look_at(&machine, &mut evidence)).await;
        let finding = match seen {
            Ok(Ok(finding)) => finding,
            Ok(Err(stop)) => stop.into_finding(&mut evidence),
            Err(_) if until < own => {
                evidence.line("grader", "the step's time was over");
                Finding::Ungradable(messages::out_of_time())
            }
            Err(_) => silent(self.check, &machine).into_finding(&mut evidence),
        };
        Look { finding, evidence }
    }

    fn machine(&self) -> Result<Slug, Stop> {
        if let CheckKind::Kubernetes(_) = self.check.kind {
            return CONTROL
                .parse()
                .map_err(|_| Stop::Lab(format!("`{CONTROL}` is no name")));
        }
        let named = self.check.kind.machine();
        self.ctx
            .lab
            .machine(named)
            .map(|machine| machine.name.clone())
            .ok_or_else(|| Stop::Lab(format!("there is no machine {named:?}")))
    }

    /// The nodes of the lab's cluster, when it has one.
    fn nodes(&self) -> Option<Nodes> {
        let cluster = self.ctx.lab.kubernetes.as_ref()?;
        Some(Nodes {
            real: cluster.nodes,
            hollow: cluster.hollow_nodes,
        })
    }

    async fn look_at(&self, machine: &Slug, evidence: &mut Evidence) -> Result<Finding, Stop> {
        let machines = self.ctx.machines;
        let within = self.check.timeout.duration();
        match &self.check.kind {
            CheckKind::File(check) => file::look(machines, machine, check, evidence).await,
            CheckKind::Command(check) => {
                command::look(machines, machine, check, within, evidence).await
            }
            CheckKind::Http(check) => {
                let (nonce, nodes) = (self.ctx.nonces.next(), self.nodes());
                answers::look(machines, machine, check, nodes, &nonce, within, evidence).await
            }
            CheckKind::Queue(check) => {
                let word = self.ctx.nonces.next();
                queue::look(machines, machine, check, &word, within, evidence).await
            }
            CheckKind::Kubernetes(check) => {
                let nodes = self.nodes().unwrap_or(Nodes { real: 0, hollow: 0 });
                kubernetes::look(machines, machine, check, nodes, within, evidence).await
            }
            CheckKind::Docker(check) => {
                let lab = self.ctx.lab;
                let offline = !lab.mirror && lab.network == Network::Isolated;
                docker::look(machines, machine, check, offline, within, evidence).await
            }
            CheckKind::GoTest(check) => {
                let (files, nonces) = (self.ctx.files, self.ctx.nonces);
                go_test::look(machines, machine, check, files, nonces, within, evidence).await
            }
            CheckKind::Script(check) => {
                let texts = &self.check.messages;
                let files = self.ctx.files;
                let profile = self.ctx.lab.machine(Some(machine)).map(|m| m.profile);
                let nested = profile == Some(Profile::Docker);
                if nested {
                    docker::own_engine(machines, machine, within, evidence).await?;
                }
                let seen =
                    script::look(machines, machine, check, texts, files, within, evidence).await?;
                if seen != Finding::Passed {
                    return Ok(seen);
                }
                // It may have been put aside for the moment of the script.
                if nested {
                    docker::own_engine(machines, machine, within, evidence).await?;
                }
                match self.nodes() {
                    Some(nodes) => {
                        let ports = &check.node_ports;
                        answers::ports(machines, ports, nodes, within, evidence).await
                    }
                    None => Ok(seen),
                }
            }
        }
    }

    fn result(self) -> CheckResult {
        let (outcome, message) = match self.finding {
            Finding::Passed => (Outcome::Passed, None),
            Finding::Failed { .. } if self.unstable => {
                (Outcome::Unstable, Some(messages::unstable()))
            }
            Finding::Failed {
                condition,
                observation,
            } => {
                let text = self.check.message(&condition).unwrap_or(&self.check.fail);
                let text = match observation {
                    Some(observation) => messages::join(text, &observation),
                    None => text.clone(),
                };
                (Outcome::Failed, Some(text))
            }
            Finding::Ungradable(text) => (Outcome::Ungradable, Some(text)),
            Finding::GraderError => (Outcome::GraderError, Some(messages::grader_error())),
        };
        CheckResult {
            check: self.check.id.clone(),
            outcome,
            points: if outcome == Outcome::Passed {
                self.check.points
            } else {
                0
            },
            message,
            evidence: self.evidence.finish(),
            duration_ms: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Whose silence it is: a look from outside bounds the learner's part itself, so that what is
/// left waiting is the grader machine.
fn silent(check: &Check, machine: &Slug) -> Stop {
    Stop::Trouble(match check.kind.trust() {
        Trust::Outside if check.kind.needs_grader() => {
            Trouble::Ours("the grader machine did not answer in time".to_owned())
        }
        Trust::Outside | Trust::Inside | Trust::Artifact => Trouble::Silent(machine.clone()),
    })
}

//! Labs played through by the program itself: a learner of its own making starts them, runs their
//! reference solutions and hands them in, in a database and under a name on the engine of its own.
//! What `lab test` and `lab measure` share.

use std::{path::PathBuf, time::Duration};

use slipway_agent::protocol::{ExecRequest, RunAs};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    auth::token,
    config::Config,
    domain::{
        ids::{Slug, UserId},
        lab::{Lab, Step},
        sandbox::SandboxState,
        submission::{CheckResult, SubmissionState},
        user::{Role, User},
    },
    grading::LabFiles,
    lifecycle::{StartError, assemble, shut_down},
    services::{App, ServiceError, describe_outcome, events::Event},
    store::{attempts::Attempt, labs::LabVersion, sandboxes::Sandbox},
};

/// How long images may take to be built and a sandbox to be ready.
pub(super) const READY_TIMEOUT: Duration = Duration::from_mins(30);
/// How long a reference solution may take.
const SOLUTION_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a submission may take to be graded.
const GRADED_TIMEOUT: Duration = Duration::from_mins(6);

/// The program beside the server's: what happens in it touches nobody.
pub(super) struct Stage {
    pub(super) app: App,
    folder: PathBuf,
}

impl Stage {
    /// Puts it together; nothing runs in the background yet.
    pub(super) async fn set(config: Config, sandboxes: usize) -> Result<Self, StartError> {
        let folder = tempfile_dir()?;
        let config = Config {
            data_dir: folder.clone(),
            max_sandboxes: sandboxes,
            max_sandboxes_per_learner: 1,
            // What is proved and measured is the start that learners without luck get.
            warm_sandboxes: 0,
            ..config
        };
        let app = assemble(config).await?;
        Ok(Self { app, folder })
    }

    /// Leaves nothing behind, whatever happened on it.
    pub(super) async fn clear(self) {
        remove_all(&self.app).await;
        shut_down(&self.app).await;
        // Only a folder of this run's own making.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn tempfile_dir() -> Result<std::path::PathBuf, StartError> {
    let mut name = token::generate().map_err(ServiceError::from)?;
    name.truncate(12);
    let dir = std::env::temp_dir().join(format!("slipway-lab-{name}"));
    std::fs::create_dir(&dir)?;
    Ok(dir)
}

async fn remove_all(app: &App) {
    match app.engine.observe().await {
        Ok(observed) => {
            for sandbox in observed {
                if let Err(error) = app.engine.remove(sandbox.id).await {
                    eprintln!("sandbox {} can't be removed: {error}", sandbox.id);
                }
            }
        }
        Err(error) => eprintln!("the engine can't be tidied: {error}"),
    }
    if let Err(error) = app.remove_mirror().await {
        eprintln!("the class mirror can't be removed: {error}");
    }
}

/// A learner of the program's own, at the lab.
pub(super) async fn begin(app: &App, lab: &Slug) -> Result<Attempt, ServiceError> {
    let id = UserId::generate();
    let name = format!("rehearsal-{}", &id.to_string()[24..]);
    let user = User {
        id,
        username: name
            .parse()
            .map_err(|_| ServiceError::Internal("user name".into()))?,
        role: Role::Student,
        created_at: app.clock.now(),
    };
    let mut tx = app.store.begin().await?;
    // No password fits this hash: nobody can sign in.
    let made = tx.insert_user(&user, "!").await?;
    tx.commit().await?;
    made.map_err(|_| ServiceError::Internal("two learners of one name".into()))?;
    let attempt = app.start_attempt(user.id, lab).await?;
    app.start_sandbox(&attempt).await?;
    Ok(attempt)
}

/// Waits until the sandbox is ready. Its turn in the queue takes as long as those before it; what
/// is bounded is everything after.
pub(super) async fn until_ready(app: &App, attempt: &Attempt) -> Result<Sandbox, String> {
    let mut events = app.events.subscribe(attempt.id);
    let mut until = Instant::now() + READY_TIMEOUT;
    loop {
        let sandbox = app
            .store
            .latest_sandbox(attempt.id)
            .await
            .map_err(|e| e.to_string())?;
        let sandbox = sandbox.ok_or("the sandbox vanished")?;
        match sandbox.state {
            SandboxState::Ready => return Ok(sandbox),
            SandboxState::Ended => {
                return Err(sandbox
                    .failure
                    .unwrap_or_else(|| "the sandbox ended".to_owned()));
            }
            SandboxState::Queued => until = Instant::now() + READY_TIMEOUT,
            _ => {}
        }
        // A lagging receiver has missed news; the state is read anew either way.
        let news = timeout_at(until, events.recv()).await;
        if news.is_err() && sandbox.state != SandboxState::Queued {
            return Err("the sandbox was not ready in time".to_owned());
        }
    }
}

/// Where solutions are run and handed in.
pub(super) struct Desk<'a> {
    app: &'a App,
    attempt: &'a Attempt,
    sandbox: &'a Sandbox,
    lab: &'a Lab,
    files: &'a LabFiles,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        app: &'a App,
        attempt: &'a Attempt,
        sandbox: &'a Sandbox,
        version: &'a LabVersion,
        files: &'a LabFiles,
    ) -> Self {
        Self {
            app,
            attempt,
            sandbox,
            lab: &version.lab,
            files,
        }
    }

    /// Runs a script of the lab's folder as the learner and submits the step.
    pub(super) async fn hand_in(
        &self,
        step: &Step,
        script: &str,
    ) -> Result<Vec<CheckResult>, String> {
        self.run(script).await?;
        grade(self.app, self.attempt, step).await
    }

    pub(super) async fn run(&self, name: &str) -> Result<(), String> {
        let missing = || format!("the file `{name}` is missing");
        let script = self.files.get(name).ok_or_else(missing)?;
        let desk = self.lab.machines.first().ok_or("the lab has no machine")?;
        let agent = self
            .app
            .agents
            .get(self.sandbox.id, self.sandbox.generation, &desk.name)
            .await
            .map_err(|e| e.to_string())?;
        let argv = [
            "/bin/bash",
            "-c",
            "exec /bin/bash \"$SLIPWAY_DIR/solution.sh\"",
        ];
        let mut request = ExecRequest::new(RunAs::Learner, argv)
            .file("solution.sh", 0o500, script.as_slice())
            .timeout(SOLUTION_TIMEOUT)
            // Services that a solution starts must live on.
            .keep_leftovers();
        request.login_env = true;
        let outcome = agent.exec(&request).await.map_err(|e| e.to_string())?;
        if outcome.succeeded() {
            Ok(())
        } else {
            Err(format!("`{name}` {}", describe_outcome(&outcome)))
        }
    }
}

async fn grade(app: &App, attempt: &Attempt, step: &Step) -> Result<Vec<CheckResult>, String> {
    let mut events = app.events.subscribe(attempt.id);
    let key = token::generate().map_err(|e| e.to_string())?;
    let submitted = app
        .submit(attempt, &step.id, &key)
        .await
        .map_err(|e| e.to_string())?
        .submission;
    let graded = async {
        loop {
            let view = app
                .submission(attempt, submitted.id)
                .await
                .map_err(|e| e.to_string())?;
            match view.submission.state {
                SubmissionState::Queued | SubmissionState::Grading => {
                    while let Ok(event) = events.recv().await {
                        if matches!(event, Event::Submission(id) if id == submitted.id) {
                            break;
                        }
                    }
                }
                SubmissionState::Graded
                | SubmissionState::Ungradable
                | SubmissionState::GraderError => return Ok(view.results),
            }
        }
    };
    timeout(GRADED_TIMEOUT, graded)
        .await
        .unwrap_or_else(|_| Err("the submission was not graded in time".to_owned()))
}

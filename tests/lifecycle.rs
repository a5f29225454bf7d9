//! The whole program without the web, on a real SQLite file and a real engine: a learner's sandbox
//! from the first click to its end, and what happens when the server or the engine fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says so"
)]

mod sandbox_support;
mod server_support;

use std::{path::Path, time::Duration};

use slipway::{
    auth::token,
    domain::{
        ids::Slug,
        sandbox::{EndReason, SandboxState},
        submission::{Outcome, SubmissionState},
    },
    services::{App, Refusal, ServiceError, grading::SubmissionView},
    store::attempts::Attempt,
};
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    sync::watch,
    time::timeout,
};

use sandbox_support::slug;
use server_support::{
    PATIENCE, Place, attempt, learner, ready, tear_down, type_and_read, until,
    until_engine_is_empty,
};

async fn submit(app: &App, attempt: &Attempt) -> SubmissionView {
    app.submit(attempt, &slug("write"), &token::generate().unwrap())
        .await
        .unwrap()
}

async fn graded(app: &App, attempt: &Attempt, view: &SubmissionView) -> SubmissionView {
    let mut events = app.events.subscribe(attempt.id);
    let wait = async {
        loop {
            let view = app.submission(attempt, view.submission.id).await.unwrap();
            if view.submission.state.is_final() {
                return view;
            }
            let _ = events.recv().await;
        }
    };
    timeout(PATIENCE, wait)
        .await
        .expect("the submission is not graded")
}

fn outcomes(view: &SubmissionView) -> Vec<(String, Outcome)> {
    view.results
        .iter()
        .map(|r| (r.check.to_string(), r.outcome))
        .collect()
}

#[tokio::test]
async fn a_learner_starts_works_is_graded_resets_and_finishes() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let attempt = attempt(&app, "ada").await;

    // Fifty clicks start one sandbox.
    let clicks = (0..50).map(|_| app.start_sandbox(&attempt));
    let started = futures_util::future::try_join_all(clicks).await.unwrap();
    assert!(started.iter().all(|s| s.id == started[0].id));
    let sandbox = until(&app, &attempt, |s| s.state == SandboxState::Ready).await;
    assert_eq!(app.engine.observe().await.unwrap().len(), 1);

    // The lab's files are there, and belong to the learner.
    let file = app
        .read_file(&attempt, &slug("desk"), "notes/read-me.txt")
        .await
        .unwrap();
    assert_eq!(&file.bytes[..], b"Read me.\n");

    // Nothing done, nothing earned; each message is the author's.
    let view = graded(&app, &attempt, &submit(&app, &attempt).await).await;
    assert_eq!(view.submission.state, SubmissionState::Graded);
    assert_eq!(view.lab_score.earned, 0);
    let first = view
        .results
        .iter()
        .find(|r| r.check == slug("file"))
        .unwrap();
    assert!(first.message.as_ref().unwrap().zh.contains("还没有文件"));

    type_and_read(&app, &attempt, "echo 42 >answer; echo do''ne\n", "done").await;
    let view = graded(&app, &attempt, &submit(&app, &attempt).await).await;
    assert_eq!(view.lab_score.earned, 15, "{:?}", view.results);

    // One extension, then no more.
    app.extend_sandbox(&attempt).await.unwrap();
    let again = app.extend_sandbox(&attempt).await;
    assert!(matches!(
        again,
        Err(ServiceError::Refused(Refusal::NoExtensionLeft))
    ));

    // A reset makes the machines anew: the file is gone, the points stay.
    app.reset_sandbox(&attempt).await.unwrap();
    let anew = until(&app, &attempt, |s| {
        s.state == SandboxState::Ready && s.generation == 2
    })
    .await;
    assert_eq!(anew.id, sandbox.id);
    let gone = app.read_file(&attempt, &slug("desk"), "answer").await;
    assert!(matches!(
        gone,
        Err(ServiceError::Refused(Refusal::FileNotFound))
    ));
    assert_eq!(app.score(&attempt).await.unwrap().earned, 15);

    app.finish_sandbox(&attempt).await.unwrap();
    until_engine_is_empty(&app).await;
    let ended = app.store.sandbox(sandbox.id).await.unwrap().unwrap();
    assert_eq!(ended.end_reason, Some(EndReason::Finished));
    tear_down(app).await;
}

#[tokio::test]
async fn a_cheat_who_replaces_programs_and_aliases_everything_earns_nothing() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let attempt = attempt(&app, "mallory").await;
    ready(&app, &attempt).await;
    let traps = r"mkdir -p bin .local/bin; for p in grep busybox sh bash cat sleep env; do
printf '#!/bin/sh\nexit 0\n' >bin/$p; chmod 755 bin/$p; cp bin/$p .local/bin/; done
for f in .bashrc .profile .bash_profile .bash_login .shrc; do
printf 'export PATH=$HOME/bin:$HOME/.local/bin:$PATH BASH_ENV=$HOME/.bashrc ENV=$HOME/.shrc\nalias grep=true\ngrep() { return 0; }\nexport -f grep\n' >$f; done
ln -s /dev/zero answer; (while :; do pkill -9 grep; kill -STOP -- -1; sleep 0.1; done) 2>/dev/null &
echo trap''ped
";
    type_and_read(&app, &attempt, traps, "trapped").await;
    let view = graded(&app, &attempt, &submit(&app, &attempt).await).await;
    assert_eq!(view.lab_score.earned, 0, "{:?}", view.results);
    tear_down(app).await;
}

#[tokio::test]
async fn a_full_disk_harms_nobody_and_costs_no_points_that_were_earned() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let (greedy, honest) = (attempt(&app, "greedy").await, attempt(&app, "honest").await);
    ready(&app, &greedy).await;
    ready(&app, &honest).await;
    let fill = "head -c 1G /dev/zero >big; head -c 1G /dev/zero >/tmp/big; echo fil''led\n";
    type_and_read(&app, &greedy, fill, "filled").await;
    type_and_read(&app, &honest, "echo 42 >answer; echo do''ne\n", "done").await;
    let view = graded(&app, &honest, &submit(&app, &honest).await).await;
    assert_eq!(view.lab_score.earned, 15, "{:?}", view.results);
    // The greedy one can still clear up, work and be graded.
    type_and_read(
        &app,
        &greedy,
        "rm big; echo 42 >answer; echo cle''ared\n",
        "cleared",
    )
    .await;
    let view = graded(&app, &greedy, &submit(&app, &greedy).await).await;
    assert_eq!(view.lab_score.earned, 15, "{:?}", view.results);
    tear_down(app).await;
}

#[tokio::test]
async fn a_server_that_vanishes_is_taken_over_with_terminals_and_submissions() {
    let place = Place::new().await;
    let first = place.start(|_| {}).await;
    let attempt = attempt(&first, "ada").await;
    let sandbox = ready(&first, &attempt).await;
    type_and_read(
        &first,
        &attempt,
        "echo 42 >answer; echo remem''bered\n",
        "remembered",
    )
    .await;
    let submitted = submit(&first, &attempt).await;
    // In the middle of grading: the script check takes two seconds.
    let mut events = first.events.subscribe(attempt.id);
    while first
        .submission(&attempt, submitted.submission.id)
        .await
        .unwrap()
        .submission
        .state
        == SubmissionState::Queued
    {
        let _ = events.recv().await;
    }
    // As good as killed: nothing is finished, released or closed in order.
    first.stop.cancel();

    let second = place.start(|_| {}).await;
    let view = graded(&second, &attempt, &submitted).await;
    assert_eq!(view.lab_score.earned, 15, "{:?}", view.results);
    assert_eq!(
        view.results.len(),
        3,
        "results are doubled: {:?}",
        outcomes(&view)
    );
    let scrollback = type_and_read(&second, &attempt, "echo a''gain\n", "again").await;
    assert!(scrollback.contains("remembered"), "{scrollback}");
    let after = second
        .store
        .latest_sandbox(attempt.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (after.id, after.generation),
        (sandbox.id, sandbox.generation)
    );
    assert_eq!(second.engine.observe().await.unwrap().len(), 1);
    tear_down(second).await;
}

#[tokio::test]
async fn whoever_finds_no_room_waits_in_line_and_moves_up() {
    let place = Place::new().await;
    let app = place.start(|c| c.max_sandboxes = 1).await;
    let (a, b, c) = (
        attempt(&app, "first").await,
        attempt(&app, "second").await,
        attempt(&app, "third").await,
    );
    ready(&app, &a).await;
    for waiting in [&b, &c] {
        app.start_sandbox(waiting).await.unwrap();
        until(&app, waiting, |s| s.state == SandboxState::Queued).await;
    }
    let position = async |attempt: &Attempt| {
        app.sandbox_view(attempt.id)
            .await
            .unwrap()
            .unwrap()
            .queue_position
    };
    let mut events = app.events.subscribe(c.id);
    while position(&c).await != Some(2) {
        let _ = events.recv().await;
    }
    assert_eq!(position(&b).await, Some(1));
    app.finish_sandbox(&a).await.unwrap();
    until(&app, &b, |s| s.state == SandboxState::Ready).await;
    while position(&c).await != Some(1) {
        let _ = events.recv().await;
    }
    tear_down(app).await;
}

#[tokio::test]
async fn a_learner_can_t_have_more_sandboxes_than_one_may() {
    let place = Place::new().await;
    let app = place.start(|c| c.max_sandboxes_per_learner = 0).await;
    let attempt = attempt(&app, "ada").await;
    let refused = app.start_sandbox(&attempt).await;
    assert!(matches!(
        refused,
        Err(ServiceError::Refused(Refusal::TooManySandboxes))
    ));
    assert!(
        app.store
            .latest_sandbox(attempt.id)
            .await
            .unwrap()
            .is_none()
    );
    tear_down(app).await;
}

#[tokio::test]
async fn a_machine_that_is_killed_ends_the_sandbox_with_a_reason_and_a_new_one_can_start() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let attempt = attempt(&app, "ada").await;
    let sandbox = ready(&app, &attempt).await;
    // Behind the server's back, as the kernel or an operator would.
    app.engine.remove(sandbox.id).await.unwrap();
    let lost = until(&app, &attempt, |s| s.state == SandboxState::Ended).await;
    assert_eq!(lost.end_reason, Some(EndReason::Lost));
    let next = ready(&app, &attempt).await;
    assert_ne!(next.id, sandbox.id);
    tear_down(app).await;
}

#[tokio::test]
async fn an_engine_that_hangs_stops_neither_the_server_nor_those_who_wait_for_it() {
    let mut place = Place::new().await;
    let socket = place.dir.path().join("engine.sock");
    let flow = valve(&socket, place.engine_host.take());
    place.engine_host = Some(format!("unix://{}", socket.display()));
    let app = place.start(|_| {}).await;
    let working = attempt(&app, "working").await;
    ready(&app, &working).await;

    flow.send_replace(false);
    // Asking for a sandbox, reading and submitting all answer at once while the engine hangs.
    let waiting = attempt(&app, "waiting").await;
    let started = timeout(Duration::from_secs(10), app.start_sandbox(&waiting)).await;
    started.expect("asking for a sandbox hangs").unwrap();
    let mut events = app.events.subscribe(waiting.id);
    let told = async {
        loop {
            let view = app.sandbox_view(waiting.id).await.unwrap().unwrap();
            if view.wait == Some(slipway::services::sandboxes::Wait::Engine) {
                return;
            }
            let _ = events.recv().await;
        }
    };
    timeout(PATIENCE, told)
        .await
        .expect("the learner is not told that the engine is away");
    let submitted = submit(&app, &working).await;

    flow.send_replace(true);
    until(&app, &waiting, |s| s.state == SandboxState::Ready).await;
    let view = graded(&app, &working, &submitted).await;
    assert_eq!(
        view.submission.state,
        SubmissionState::Graded,
        "{:?}",
        view.results
    );
    assert_eq!(app.engine.observe().await.unwrap().len(), 2);
    tear_down(app).await;
}

/// Stands between server and engine; while shut, bytes of every connection, old and new, wait.
fn valve(socket: &Path, engine: Option<String>) -> watch::Sender<bool> {
    let engine = engine.unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned());
    let engine = engine
        .strip_prefix("unix://")
        .expect("the test needs a local engine")
        .to_owned();
    let flow = watch::Sender::new(true);
    let listener = UnixListener::bind(socket).unwrap();
    let opened = flow.clone();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (engine, mut open) = (engine.clone(), opened.subscribe());
            tokio::spawn(async move {
                let mut far = UnixStream::connect(engine).await.unwrap();
                loop {
                    if open.wait_for(|open| *open).await.is_err() {
                        return;
                    }
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => return,
                        _ = open.wait_for(|open| !*open) => {}
                    }
                }
            });
        }
    });
    flow
}

#[tokio::test]
async fn a_lab_that_can_t_be_prepared_says_why_and_leaves_nothing_behind() {
    let place = Place::new().await;
    let lab = place.dir.path().join("labs/course/basics/first");
    let manifest = std::fs::read_to_string(lab.join("lab.yaml")).unwrap();
    std::fs::write(lab.join("setup.sh"), "echo broken set-up >&2\nexit 3\n").unwrap();
    std::fs::write(lab.join("lab.yaml"), format!("{manifest}setup: setup.sh\n")).unwrap();
    let app = place.start(|_| {}).await;
    let attempt = attempt(&app, "ada").await;
    app.start_sandbox(&attempt).await.unwrap();
    let failed = until(&app, &attempt, |s| s.state == SandboxState::Ended).await;
    assert_eq!(failed.end_reason, Some(EndReason::Failed));
    let why = failed.failure.unwrap();
    assert!(
        why.contains("code 3") && why.contains("broken set-up"),
        "{why}"
    );
    until_engine_is_empty(&app).await;
    tear_down(app).await;
}

#[tokio::test]
async fn a_corrected_lab_reaches_new_learners_and_leaves_those_at_work_alone() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let at_work = attempt(&app, "at-work").await;
    ready(&app, &at_work).await;
    let manifest = place.dir.path().join("labs/course/basics/first/lab.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("points: 3", "points: 4")).unwrap();
    assert_eq!(app.publish_labs().await.unwrap().new, 1);
    let newcomer = attempt(&app, "newcomer").await;
    assert_eq!(app.score(&newcomer).await.unwrap().possible, 16);
    let user = at_work.user_id;
    let again = app.start_attempt(user, &slug("first")).await.unwrap();
    assert_eq!(app.score(&again).await.unwrap().possible, 15);

    // A mistake keeps what was published before.
    std::fs::write(&manifest, "id: first\ntitle: [").unwrap();
    assert!(app.publish_labs().await.unwrap().errors > 0);
    let third: Slug = slug("first");
    let user = learner(&app, "third").await;
    assert!(app.start_attempt(user, &third).await.is_ok());
    tear_down(app).await;
}

#[tokio::test]
async fn time_that_is_over_ends_the_sandbox_but_not_before_its_submission_is_graded() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let attempt = attempt(&app, "ada").await;
    let sandbox = ready(&app, &attempt).await;
    type_and_read(&app, &attempt, "echo 42 >answer; echo do''ne\n", "done").await;
    let submitted = submit(&app, &attempt).await;
    // As if the lab's ten minutes had passed just now.
    let mut tx = app.store.begin().await.unwrap();
    assert!(tx.extend_sandbox(sandbox.id, -601_000, 1).await.unwrap());
    tx.commit().await.unwrap();
    app.reconciler.wake();
    let view = graded(&app, &attempt, &submitted).await;
    assert_eq!(view.lab_score.earned, 15, "{:?}", view.results);
    let ended = until(&app, &attempt, |s| s.state == SandboxState::Ended).await;
    assert_eq!(ended.end_reason, Some(EndReason::Expired));
    until_engine_is_empty(&app).await;
    tear_down(app).await;
}

//! Sandboxes that are made in advance, on a real engine: who gets one, what it is like, and when
//! they go.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says so"
)]

mod sandbox_support;
mod server_support;

use std::{collections::BTreeSet, time::Duration};

use slipway::{
    config::Config,
    domain::{
        ids::SandboxId,
        sandbox::{SandboxState, WarmLabs},
    },
    services::App,
    store::attempts::Attempt,
};
use slipway_agent::protocol::{ExecRequest, RunAs};
use tokio::time::timeout;

use sandbox_support::slug;
use server_support::{PATIENCE, Place, attempt, learner, ready, tear_down, until};

/// One warm sandbox for each kind of lab, clusters or not.
fn one_each(config: &mut Config) {
    config.warm_sandboxes = 1;
    config.warm_labs = WarmLabs::All;
}

/// Waits until the pool is as wanted; what is in it has no event.
async fn until_pool(app: &App, wanted: impl Fn(&[(SandboxId, bool)]) -> bool) -> Vec<SandboxId> {
    let wait = async {
        loop {
            let pool = app.warm_sandboxes();
            if wanted(&pool) {
                return pool.into_iter().map(|(id, _)| id).collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait)
        .await
        .expect("the pool does not get there")
}

/// Waits for a warm sandbox that is ready.
async fn warm(app: &App) -> SandboxId {
    let pool = until_pool(app, |pool| matches!(pool, [(_, true)])).await;
    pool[0]
}

/// Waits until exactly these are on the engine.
async fn until_engine_holds(app: &App, wanted: &[SandboxId]) {
    let wanted: BTreeSet<SandboxId> = wanted.iter().copied().collect();
    let wait = async {
        loop {
            let seen = app.engine.observe().await.unwrap();
            if seen.iter().map(|seen| seen.id).collect::<BTreeSet<_>>() == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, wait)
        .await
        .expect("other sandboxes are on the engine");
}

/// A second lab beside `first`, of another shape.
fn add_second_lab(place: &Place) {
    let module = place.dir.path().join("labs/course");
    let (first, second) = (module.join("basics/first"), module.join("basics/second"));
    server_support::copy(&first, &second);
    let manifest = second.join("lab.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let text = text.replace("id: first", "id: second");
    std::fs::write(&manifest, text.replace("memory: 64MiB", "memory: 72MiB")).unwrap();
    let course = module.join("course.yaml");
    let text = std::fs::read_to_string(&course).unwrap();
    assert!(text.contains("- lab: first"), "{text}");
    std::fs::write(
        &course,
        text.replace("- lab: first", "- lab: first\n      - lab: second"),
    )
    .unwrap();
}

#[tokio::test]
async fn learners_who_race_for_one_warm_sandbox_get_one_each_and_the_pool_is_filled_again() {
    let place = Place::new().await;
    let app = place.start(one_each).await;
    // Nothing is made before anybody asked.
    assert!(app.warm_sandboxes().is_empty());
    ready(&app, &attempt(&app, "ada").await).await;
    let prepared = warm(&app).await;
    // Nobody's: no row leads to it.
    assert!(app.store.sandbox(prepared).await.unwrap().is_none());

    let mut racers = Vec::new();
    for n in 0..6 {
        racers.push(attempt(&app, &format!("racer-{n}")).await);
    }
    // Two clicks each.
    let clicks = racers.iter().chain(&racers).map(|r| app.start_sandbox(r));
    let started = futures_util::future::try_join_all(clicks).await.unwrap();
    let ids: BTreeSet<SandboxId> = started.iter().map(|s| s.id).collect();
    assert_eq!(ids.len(), racers.len());
    let of_the_pool = started[..racers.len()]
        .iter()
        .filter(|s| s.id == prepared)
        .count();
    assert_eq!(of_the_pool, 1);
    for racer in &racers {
        until(&app, racer, |s| s.state == SandboxState::Ready).await;
    }
    let next = until_pool(&app, |pool| matches!(pool, [(id, true)] if *id != prepared)).await;
    assert_eq!(next.len(), 1);

    // What a learner has used is never anybody else's.
    for racer in &racers {
        app.finish_sandbox(racer).await.unwrap();
    }
    let again = app.start_sandbox(&racers[0]).await.unwrap();
    assert!(!ids.contains(&again.id));
    tear_down(app).await;
}

/// What a learner finds in a machine, as far as it must not depend on how it was made.
async fn findings(app: &App, attempt: &Attempt) -> String {
    let sandbox = app.ready_sandbox(attempt.id).await.unwrap();
    let agent = app
        .agents
        .get(sandbox.id, sandbox.generation, &slug("desk"))
        .await
        .unwrap();
    let look = "id; hostname; env | sort; pwd
ls -lAR --time-style=+ ~ /srv; cat ~/notes/read-me.txt /srv/*; ps -eo user,args | grep -v 'ps -eo'
cut -d: -f1 /etc/passwd; grep desk /etc/hosts | wc -l; mount | cut -d' ' -f1-5 | sort";
    let mut request = ExecRequest::new(RunAs::Learner, ["/bin/bash", "-lc", look]);
    request.login_env = true;
    let outcome = agent.exec(&request).await.unwrap();
    assert!(outcome.succeeded(), "{outcome:?}");
    String::from_utf8(outcome.stdout)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with("SLIPWAY_DIR="))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn a_warm_sandbox_has_the_lab_s_files_and_set_up_and_is_like_one_made_anew() {
    let place = Place::new().await;
    let lab = place.dir.path().join("labs/course/basics/first");
    let manifest = std::fs::read_to_string(lab.join("lab.yaml")).unwrap();
    std::fs::write(lab.join("lab.yaml"), format!("{manifest}setup: setup.sh\n")).unwrap();
    std::fs::write(
        lab.join("setup.sh"),
        "set -e\ncat /home/learner/notes/read-me.txt >/tmp/set-up\nchmod 600 /tmp/set-up\n\
         install -m 0644 -o 1000 -g 1000 /tmp/set-up /home/learner/set-up\n",
    )
    .unwrap();
    let app = place.start(one_each).await;
    let anew = attempt(&app, "anew").await;
    let cold = ready(&app, &anew).await;
    let prepared = warm(&app).await;
    let lucky = attempt(&app, "lucky").await;
    let claimed = ready(&app, &lucky).await;
    assert_eq!(claimed.id, prepared);
    assert_ne!(claimed.secret, cold.secret);
    assert!(claimed.expires_at.is_some());

    let found = findings(&app, &lucky).await;
    assert!(found.contains("set-up"), "{found}");
    assert_eq!(found, findings(&app, &anew).await);

    // A reset makes it anew, like any other.
    app.write_file(&lucky, &slug("desk"), "mine", "mine".to_owned(), None)
        .await
        .unwrap();
    app.reset_sandbox(&lucky).await.unwrap();
    until(&app, &lucky, |s| {
        s.state == SandboxState::Ready && s.generation == 2
    })
    .await;
    assert_eq!(findings(&app, &lucky).await, found);
    tear_down(app).await;
}

#[tokio::test]
async fn a_learner_need_not_wait_until_a_warm_sandbox_is_ready() {
    let place = Place::new().await;
    let app = place.start(one_each).await;
    ready(&app, &attempt(&app, "ada").await).await;
    let second = attempt(&app, "bob").await;
    // As soon as it is there. If it is ready by now, nothing is lost.
    let making = until_pool(&app, |pool| pool.len() == 1).await;
    let got = app.start_sandbox(&second).await.unwrap();
    assert_eq!(got.id, making[0]);
    until(&app, &second, |s| s.state == SandboxState::Ready).await;
    let notes = app
        .read_file(&second, &slug("desk"), "notes/read-me.txt")
        .await
        .unwrap();
    assert_eq!(&notes.bytes[..], b"Read me.\n");
    tear_down(app).await;
}

#[tokio::test]
async fn after_a_killed_server_its_warm_sandboxes_go_and_new_ones_are_made() {
    let place = Place::new().await;
    let first = place.start(one_each).await;
    let at_work = attempt(&first, "ada").await;
    let sandbox = ready(&first, &at_work).await;
    let left_behind = warm(&first).await;
    // As good as killed: nothing is removed in order.
    first.stop.cancel();

    let second = place.start(one_each).await;
    let fresh = until_pool(&second, |pool| matches!(pool, [(_, true)])).await;
    assert_ne!(fresh[0], left_behind);
    until_engine_holds(&second, &[sandbox.id, fresh[0]]).await;
    let still = second.ready_sandbox(at_work.id).await.unwrap();
    assert_eq!((still.id, still.generation), (sandbox.id, 1));

    // A server that ends in order leaves only what learners have.
    let engine = std::sync::Arc::clone(&second.engine);
    slipway::lifecycle::shut_down(&second).await;
    let left = engine.observe().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, sandbox.id);
    engine.remove(sandbox.id).await.unwrap();
}

#[tokio::test]
async fn warm_sandboxes_give_way_to_a_learner_who_needs_their_room() {
    let place = Place::new().await;
    add_second_lab(&place);
    let app = place
        .start(|config| {
            one_each(config);
            config.max_sandboxes = 2;
        })
        .await;
    let first = ready(&app, &attempt(&app, "ada").await).await;
    let prepared = warm(&app).await;

    // Of another shape: the warm one is of no use, but its room is.
    let bob = learner(&app, "bob").await;
    let other = app.start_attempt(bob, &slug("second")).await.unwrap();
    let got = ready(&app, &other).await;
    assert_ne!(got.id, prepared);
    until_engine_holds(&app, &[first.id, got.id]).await;
    assert!(app.warm_sandboxes().is_empty());

    // As soon as there is room again, one is made: of the lab that was started last.
    app.finish_sandbox(&other).await.unwrap();
    let next = warm(&app).await;
    until_engine_holds(&app, &[first.id, next]).await;
    let again = app.start_sandbox(&other).await.unwrap();
    assert_eq!(again.id, next);
    tear_down(app).await;
}

#[tokio::test]
async fn a_lab_that_changes_its_machines_gets_new_warm_sandboxes() {
    let place = Place::new().await;
    let app = place.start(one_each).await;
    let at_work = ready(&app, &attempt(&app, "ada").await).await;
    let old = warm(&app).await;
    let manifest = place.dir.path().join("labs/course/basics/first/lab.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();

    // Other points, the same machines.
    std::fs::write(&manifest, text.replace("points: 3", "points: 4")).unwrap();
    app.publish_labs().await.unwrap();
    app.reconciler.wake();
    let newcomer = attempt(&app, "newcomer").await;
    assert_eq!(ready(&app, &newcomer).await.id, old);
    let old = warm(&app).await;

    let text = text.replace("memory: 64MiB", "memory: 72MiB");
    std::fs::write(&manifest, text).unwrap();
    app.publish_labs().await.unwrap();
    app.reconciler.wake();
    let new = until_pool(&app, |pool| matches!(pool, [(id, true)] if *id != old)).await[0];
    let newcomer_s = app.ready_sandbox(newcomer.id).await.unwrap().id;
    until_engine_holds(&app, &[at_work.id, newcomer_s, new]).await;
    tear_down(app).await;
}

#[tokio::test]
async fn a_warm_sandbox_whose_machines_die_is_not_handed_out() {
    let place = Place::new().await;
    let app = place.start(one_each).await;
    ready(&app, &attempt(&app, "ada").await).await;
    let broken = warm(&app).await;
    app.engine.remove(broken).await.unwrap();
    app.reconciler.wake();
    until_pool(&app, |pool| matches!(pool, [(id, true)] if *id != broken)).await;
    tear_down(app).await;
}

#[tokio::test]
async fn plain_labs_are_not_kept_warm_unless_the_operator_says_so() {
    let place = Place::new().await;
    let app = place.start(|_| {}).await;
    let learner = attempt(&app, "ada").await;
    ready(&app, &learner).await;
    // A round that would make one has ended when the sandbox of this one is gone.
    app.finish_sandbox(&learner).await.unwrap();
    until_engine_holds(&app, &[]).await;
    assert!(app.warm_sandboxes().is_empty());
    tear_down(app).await;
}

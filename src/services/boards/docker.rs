//! Follows a nested Docker engine.

use std::{convert::Infallible, time::Duration};

use futures_util::FutureExt as _;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{
    BETWEEN, SETTLE, Screen,
    reach::{Api, Asker, Reach, Trouble},
};
use crate::{
    boards::{
        Picture,
        docker::{self, Parts, Stale},
    },
    domain::ids::Slug,
    wire::lines::{Line, Lines},
};

/// The socket of the rootless engine.
const SOCKET: &str = "/run/user/1000/docker.sock";
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest event.
const MAX_EVENT: usize = 64 * 1024;
/// Pieces of the stream that are read in one go.
const AT_ONCE: usize = 16;
/// What no event tells of is seen at least this often.
const ANYWAY: Duration = Duration::from_secs(10);

pub(super) async fn follow(
    reach: &Reach<'_>,
    machine: &Slug,
    screen: &Screen,
) -> Result<Infallible, Trouble> {
    let api = Api::socket(machine, SOCKET)?;
    // First the events: what changes while the first questions are asked is told.
    let mut events = reach.stream(&api, docker::EVENTS).await?;
    let mut engine = reach.asker(api);
    let mut lines = Lines::new(MAX_EVENT);
    let mut parts = Parts::default();
    let mut stale = Stale::ALL;
    let mut anyway = interval(ANYWAY);
    anyway.set_missed_tick_behavior(MissedTickBehavior::Delay);
    anyway.reset();
    loop {
        if stale.any() {
            ask(&mut engine, std::mem::take(&mut stale), &mut parts).await?;
            screen.show(Picture::Docker(parts.picture()));
        }
        // Also after pieces that change nothing: a flood of them must not keep us busy.
        sleep(BETWEEN).await;
        let first = tokio::select! {
            piece = events.next() => piece?,
            _ = anyway.tick() => {
                stale = Stale::ALL;
                continue;
            }
        };
        note(&mut stale, &mut lines, &first);
        if stale.any() {
            sleep(SETTLE).await;
        }
        for _ in 0..AT_ONCE {
            let Some(piece) = events.next().now_or_never() else {
                break;
            };
            note(&mut stale, &mut lines, &piece?);
        }
    }
}

fn note(stale: &mut Stale, lines: &mut Lines, piece: &[u8]) {
    for line in lines.take(piece) {
        match line {
            Line::Whole(line) => stale.note(&line),
            Line::TooLong => *stale = Stale::ALL,
        }
    }
}

async fn ask(engine: &mut Asker<'_>, stale: Stale, parts: &mut Parts) -> Result<(), Trouble> {
    let Stale {
        containers,
        networks,
        images,
        volumes,
    } = stale;
    if containers {
        parts.containers(&engine.get(docker::CONTAINERS, ANSWER).await?)?;
    }
    if networks {
        parts.networks(&engine.get(docker::NETWORKS, ANSWER).await?)?;
    }
    if images {
        parts.images(&engine.get(docker::IMAGES, ANSWER).await?)?;
    }
    if volumes {
        parts.volumes(&engine.get(docker::VOLUMES, ANSWER).await?)?;
    }
    Ok(())
}

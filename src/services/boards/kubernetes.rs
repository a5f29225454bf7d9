//! Follows a cluster: lists once, then watches.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::select_all;
use tokio::{sync::Notify, time::sleep};

use super::{
    BETWEEN, SETTLE, Screen,
    reach::{Api, Asker, Reach, Trouble},
};
use crate::{
    boards::{
        Picture,
        kubernetes::{Change, Cluster, Resource},
    },
    domain::{cluster::CONTROL, ids::Slug},
    wire::lines::{Line, Lines},
};

/// Where its API server answers whoever may open the socket.
const SOCKET: &str = "/run/slipway-kubernetes/api.sock";
/// How long a list may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The largest object in a watch.
const MAX_LINE: usize = 512 * 1024;
/// The pause after each piece of a watch: a flood of them must not keep us busy.
const BREATH: Duration = Duration::from_millis(20);
/// The pause before a watch that ended begins anew.
const WATCH_AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn follow(reach: &Reach<'_>, screen: &Screen) -> Result<Infallible, Trouble> {
    let control: Slug = CONTROL
        .parse()
        .map_err(|_| Trouble::Question(format!("`{CONTROL}` is no machine")))?;
    let api = Api::socket(&control, SOCKET)?;
    let mut asker = reach.asker(api.clone());
    let known = Known::default();
    let mut versions = Vec::with_capacity(Resource::ALL.len());
    for resource in Resource::ALL {
        versions.push((resource, list(&mut asker, resource, &known).await?));
    }
    let watches = versions
        .into_iter()
        .map(|(resource, version)| Box::pin(watch(reach, &api, resource, version, &known)));
    tokio::select! {
        (ended, _, _) = select_all(watches) => ended,
        never = draw(&known, screen) => match never {},
    }
}

/// What is known, shared by the watches and whoever draws.
#[derive(Default)]
struct Known {
    cluster: Mutex<Cluster>,
    changed: Notify,
}

impl Known {
    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        // Each line is taken whole or not at all.
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn draw(known: &Known, screen: &Screen) -> Infallible {
    loop {
        let picture = known.cluster().picture();
        screen.show(Picture::Kubernetes(picture));
        sleep(BETWEEN).await;
        known.changed.notified().await;
        sleep(SETTLE).await;
    }
}

async fn list(asker: &mut Asker<'_>, resource: Resource, known: &Known) -> Result<String, Trouble> {
    let body = asker.get(&resource.list(), ANSWER).await?;
    let version = known.cluster().list(resource, &body)?;
    known.changed.notify_one();
    Ok(version)
}

/// Follows one resource until the API server is gone.
async fn watch(
    reach: &Reach<'_>,
    api: &Api,
    resource: Resource,
    mut version: String,
    known: &Known,
) -> Result<Infallible, Trouble> {
    loop {
        match watch_once(reach, api, resource, &version, known).await {
            // The API server ends each watch after a while, and forgets old versions.
            Ok(()) | Err(Trouble::Ended | Trouble::Status(410)) => {}
            Err(trouble) => return Err(trouble),
        }
        sleep(WATCH_AGAIN).await;
        version = list(&mut reach.asker(api.clone()), resource, known).await?;
    }
}

/// Follows one resource until it has to be listed again.
async fn watch_once(
    reach: &Reach<'_>,
    api: &Api,
    resource: Resource,
    version: &str,
    known: &Known,
) -> Result<(), Trouble> {
    let mut stream = reach.stream(api, &resource.watch(version)).await?;
    let mut lines = Lines::new(MAX_LINE);
    loop {
        let piece = stream.next().await?;
        for line in lines.take(&piece) {
            let Line::Whole(line) = line else {
                return Ok(());
            };
            let change = known.cluster().line(resource, &line)?;
            match change {
                Change::None => {}
                Change::Changed => known.changed.notify_one(),
                Change::Outdated => return Ok(()),
            }
        }
        sleep(BREATH).await;
    }
}

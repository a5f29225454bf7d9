//! GET `/api/attempts/{attempt}/events`: news for an open lab page.

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event as Message, KeepAlive},
    },
};
use serde::Serialize;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ids::{AttemptId, Slug, SubmissionId},
        submission::CheckResult,
    },
    services::{App, ServiceError, events::Event, previews::Offer},
    store::attempts::Attempt,
    web::{
        access::{self, CHECK_EVERY, Right},
        error::WebError,
        extract::SeenAttempt,
        i18n::Translator,
        limits::{Stream, StreamPermit},
        present,
        state::Web,
        view::lab_data::{FilesData, PortsData, SandboxData},
    },
};

/// Messages that wait for a slow page.
const QUEUE: usize = 16;
/// How long a page may take none of them before it is given up.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);
/// How often a comment shows proxies and the browser that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a browser shall come back after the server ended.
const COME_BACK: Duration = Duration::from_secs(2);

type Sender = mpsc::Sender<Result<Message, Infallible>>;

pub(in crate::web) async fn follow(
    State(web): State<Web>,
    seen: SeenAttempt,
) -> Result<Response, WebError> {
    let SeenAttempt { attempt, viewer } = seen;
    let cookie = viewer.session().cookie().to_owned();
    let permit = web
        .limits
        .acquire(Stream::Events, &cookie)
        .ok_or(WebError::TooManyStreams)?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let follower = Follower {
        news: web.app.events.subscribe(attempt.id),
        _watch: web.watches.watch(&web.app, &attempt),
        _permit: permit,
        app: web.app.clone(),
        t: viewer.t(),
        attempt,
        cookie,
        sender,
        sandbox: None,
        ports: None,
    };
    web.app.tasks.spawn(follower.run());
    let stream = Sse::new(ReceiverStream::new(receiver));
    Ok(stream
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// Tells one page what is new.
struct Follower {
    app: App,
    attempt: Attempt,
    cookie: String,
    t: Translator,
    news: broadcast::Receiver<Event>,
    sender: Sender,
    /// As it was told last, so that nothing is told twice.
    sandbox: Option<SandboxData>,
    ports: Option<PortsData>,
    _watch: MachineWatch,
    _permit: StreamPermit,
}

/// Why the stream ends.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the page is gone")]
    Gone,
    #[error("the server ends")]
    Stop,
    #[error("not allowed any more")]
    NotAllowed,
    #[error(transparent)]
    Failed(#[from] ServiceError),
    #[error("a message can't be written: {0}")]
    Message(#[from] axum::Error),
}

/// What is new, each thing once.
#[derive(Default)]
struct News {
    everything: bool,
    sandbox: bool,
    submissions: BTreeSet<SubmissionId>,
    ticks: Option<Arc<Vec<CheckResult>>>,
    files: BTreeSet<Slug>,
    ports: Option<Arc<Vec<Offer>>>,
}

impl News {
    fn add(&mut self, event: Event) {
        match event {
            Event::Sandbox => self.sandbox = true,
            Event::Submission(id) => {
                self.submissions.insert(id);
            }
            Event::Ticks(results) => self.ticks = Some(results),
            Event::Files(machine) => {
                self.files.insert(machine);
            }
            Event::Ports(offers) => self.ports = Some(offers),
        }
    }
}

impl Follower {
    async fn run(mut self) {
        let end = match self.follow().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        if matches!(end, End::Stop) {
            let _ = self
                .sender
                .try_send(Ok(Message::default().retry(COME_BACK)));
        }
        if matches!(end, End::Failed(_) | End::Message(_)) {
            tracing::warn!(attempt.id = %self.attempt.id, %end, "an event stream ended");
        }
    }

    async fn follow(&mut self) -> Result<Infallible, End> {
        self.tell_everything().await?;
        let mut check = tokio::time::interval(CHECK_EVERY);
        loop {
            let mut news = News::default();
            tokio::select! {
                () = self.app.stop.cancelled() => return Err(End::Stop),
                () = self.sender.closed() => return Err(End::Gone),
                _ = check.tick() => {
                    if !access::holds(&self.app, &self.cookie, &self.attempt, Right::Look).await {
                        return Err(End::NotAllowed);
                    }
                    continue;
                }
                event = self.news.recv() => match event {
                    Ok(event) => news.add(event),
                    Err(broadcast::error::RecvError::Lagged(_)) => news.everything = true,
                    Err(broadcast::error::RecvError::Closed) => return Err(End::Stop),
                },
            }
            // What came meanwhile is told in one go.
            loop {
                match self.news.try_recv() {
                    Ok(event) => news.add(event),
                    Err(broadcast::error::TryRecvError::Lagged(_)) => news.everything = true,
                    Err(_) => break,
                }
            }
            self.tell(news).await?;
        }
    }

    async fn tell_everything(&mut self) -> Result<(), End> {
        self.sandbox = None;
        self.tell_sandbox().await?;
        for view in self.app.latest_submissions(&self.attempt).await? {
            self.send("submission", &present::submission(view, self.t.locale()))
                .await?;
        }
        Ok(())
    }

    async fn tell(&mut self, news: News) -> Result<(), End> {
        let News {
            everything,
            sandbox,
            submissions,
            ticks,
            files,
            ports,
        } = news;
        if everything {
            self.tell_everything().await?;
        } else {
            if sandbox {
                self.tell_sandbox().await?;
            }
            for id in submissions {
                let view = self.app.submission(&self.attempt, id).await?;
                self.send("submission", &present::submission(view, self.t.locale()))
                    .await?;
            }
        }
        if let Some(results) = ticks {
            self.send("ticks", &present::ticks(&results, self.t.locale()))
                .await?;
        }
        for machine in files {
            self.send("files", &FilesData { machine }).await?;
        }
        if let Some(offers) = ports {
            let data = present::ports(&offers, self.t.locale());
            if self.ports.as_ref() != Some(&data) {
                self.send("ports", &data).await?;
                self.ports = Some(data);
            }
        }
        Ok(())
    }

    async fn tell_sandbox(&mut self) -> Result<(), End> {
        let Some(data) = present::sandbox(&self.app, self.attempt.id, self.t).await? else {
            return Ok(());
        };
        let same = |old: &SandboxData| {
            SandboxData {
                now: data.now,
                ..old.clone()
            } == data
        };
        if !self.sandbox.as_ref().is_some_and(same) {
            self.send("sandbox", &data).await?;
            self.sandbox = Some(data);
        }
        Ok(())
    }

    async fn send<T: Serialize>(&self, name: &str, data: &T) -> Result<(), End> {
        let message = Message::default().event(name).json_data(data)?;
        tokio::select! {
            () = self.app.stop.cancelled() => Err(End::Stop),
            sent = self.sender.send_timeout(Ok(message), SEND_TIMEOUT) => {
                sent.map_err(|_| End::Gone)
            }
        }
    }
}

type Watched = HashMap<AttemptId, (usize, CancellationToken)>;

/// Follows the files of an attempt's editor and the ports of its machines while any page is open.
/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct MachineWatches(Arc<Mutex<Watched>>);

/// Somebody watches; ends the watch when the last one is dropped.
struct MachineWatch {
    watches: MachineWatches,
    attempt: AttemptId,
}

impl MachineWatches {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        // Every change is one statement: a panic elsewhere left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, app: &App, attempt: &Attempt) -> MachineWatch {
        let guard = MachineWatch {
            watches: self.clone(),
            attempt: attempt.id,
        };
        let mut watched = self.watched();
        let (count, stop) = watched.entry(attempt.id).or_default();
        *count += 1;
        if *count == 1 {
            let (app, attempt, stop) = (app.clone(), attempt.clone(), stop.clone());
            app.tasks.clone().spawn(async move {
                let files = async {
                    if let Err(error) = app.follow_files(&attempt).await {
                        tracing::warn!(attempt.id = %attempt.id, %error, "files are not followed");
                    }
                };
                let both = async { tokio::join!(files, app.follow_ports(&attempt)) };
                tokio::select! {
                    () = stop.cancelled() => {}
                    ((), ()) = both => {}
                }
            });
        }
        guard
    }
}

impl Drop for MachineWatch {
    fn drop(&mut self) {
        let mut watched = self.watches.watched();
        if let Some((count, stop)) = watched.get_mut(&self.attempt) {
            *count -= 1;
            if *count == 0 {
                stop.cancel();
                watched.remove(&self.attempt);
            }
        }
    }
}

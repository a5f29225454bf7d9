//! Builds lab images in the background through the engine's classic builder (which every supported
//! engine has, and which needs no session): one at a time, and beside it one of those whose build
//! takes minutes, so that a learner who needs a small image does not wait for a compilation.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bollard::{
    body_full, body_try_stream,
    query_parameters::{
        BuildImageOptionsBuilder, CreateImageOptionsBuilder, TagImageOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
    sync::{Notify, watch},
};
use tokio_util::{io::ReaderStream, sync::CancellationToken};

use super::{client::DockerEngine, error::within};
use crate::{
    domain::ids::Slug,
    sandbox::{
        build_queue::BuildQueue,
        engine::{Engine, EngineError},
        images::{
            BASE_IMAGE, BuildEffort, ContextFile, Image, ImageCatalog, ImageState, context_files,
        },
    },
};

/// How long a build may say nothing: the slowest single instruction downloads packages.
const BUILD_SILENCE: Duration = Duration::from_secs(15 * 60);

/// How long a registry may say nothing before we do without it.
const PULL_SILENCE: Duration = Duration::from_secs(20);

/// How long the base image's script may take.
const BOOTSTRAP_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How much of a failed build's log is kept.
const TAIL_LINES: usize = 60;

/// How much of each line.
const LINE_CHARS: usize = 300;

/// Builds what is asked for; made once, [`ImageBuilder::run`] once.
#[derive(Debug)]
pub struct ImageBuilder {
    engine: Arc<DockerEngine>,
    catalog: ImageCatalog,
    bootstrap: PathBuf,
    args: BTreeMap<String, String>,
    states: Vec<watch::Sender<ImageState>>,
    wanted: Mutex<BuildQueue>,
    /// Something was asked for, or an image is no longer waited for by those that build on it.
    news: Notify,
    /// Held while [`BASE_IMAGE`] is looked for and brought, so that it is made once.
    base: tokio::sync::Mutex<()>,
}

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The catalog has none of this name.
    #[error("there is no image `{0}`")]
    Unknown(Slug),
    /// Its build failed, or one below it.
    #[error("image `{name}` could not be built:\n{}", log_tail.join("\n"))]
    Failed {
        /// Which.
        name: Slug,
        /// The end of the log.
        log_tail: Vec<String>,
    },
    /// The builder was stopped.
    #[error("the image builder was stopped")]
    Stopped,
}

impl ImageBuilder {
    /// A builder for the images of a catalog. `bootstrap` is the script that writes the base image as
    /// a tar archive, for machines without a registry; `args` are build arguments for every image
    /// (such as `http_proxy`).
    pub fn new(
        engine: Arc<DockerEngine>,
        catalog: ImageCatalog,
        bootstrap: PathBuf,
        args: BTreeMap<String, String>,
    ) -> Self {
        let states = catalog
            .images()
            .iter()
            .map(|_| watch::channel(ImageState::Missing).0)
            .collect();
        Self {
            engine,
            catalog,
            bootstrap,
            args,
            states,
            wanted: Mutex::new(BuildQueue::default()),
            news: Notify::new(),
            base: tokio::sync::Mutex::new(()),
        }
    }

    /// The images there are.
    pub const fn catalog(&self) -> &ImageCatalog {
        &self.catalog
    }

    /// How an image is, now and from now on; `None` when the catalog has none of this name.
    pub fn watch(&self, name: &Slug) -> Option<watch::Receiver<ImageState>> {
        Some(self.states.get(self.place(name)?)?.subscribe())
    }

    /// How an image is now.
    pub fn state(&self, name: &Slug) -> Option<ImageState> {
        Some(self.states.get(self.place(name)?)?.borrow().clone())
    }

    /// Asks for an image, and all it builds on, that somebody waits for: they are built before those
    /// asked for ahead of time. Nothing happens when it is there or under way; what failed before is
    /// tried again.
    pub fn request(&self, name: &Slug) {
        self.enqueue(name, BuildQueue::hurry);
    }

    /// Asks for an image and all it builds on, when nobody waits for a more urgent one.
    pub fn request_ahead(&self, name: &Slug) {
        self.enqueue(name, BuildQueue::ask);
    }

    fn enqueue(&self, name: &Slug, how: fn(&mut BuildQueue, usize)) {
        {
            let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            // Bases come first here, and so in the queue.
            for image in self.catalog.with_bases(name) {
                let Some(place) = self.place(&image.name) else {
                    continue;
                };
                let state = self.states[place].borrow().clone();
                match state {
                    ImageState::Missing | ImageState::Failed { .. } => {
                        how(&mut wanted, place);
                        self.set(place, ImageState::Queued);
                    }
                    ImageState::Queued => how(&mut wanted, place),
                    ImageState::Building { .. } | ImageState::Ready { .. } => {}
                }
            }
        }
        self.news.notify_waiters();
    }

    /// Asks for every image.
    pub fn request_all(&self) {
        for image in self.catalog.images() {
            self.request_ahead(&image.name);
        }
    }

    /// Asks for an image and waits until it is there; gives its tag. [`ImageBuilder::run`] must run.
    pub async fn ensure(&self, name: &Slug) -> Result<String, BuildError> {
        let mut state = self
            .watch(name)
            .ok_or_else(|| BuildError::Unknown(name.clone()))?;
        self.request(name);
        let done = state
            .wait_for(|s| matches!(s, ImageState::Ready { .. } | ImageState::Failed { .. }))
            .await
            .map_err(|_| BuildError::Stopped)?
            .clone();
        match done {
            ImageState::Ready { tag } => Ok(tag),
            ImageState::Failed { log_tail } => Err(BuildError::Failed {
                name: name.clone(),
                log_tail,
            }),
            _ => Err(BuildError::Stopped),
        }
    }

    /// Looks which images are on the engine already. What is being built stays as it is.
    pub async fn refresh(&self) -> Result<(), EngineError> {
        for (place, image) in self.catalog.images().iter().enumerate() {
            let present = self.engine.image_present(&image.tag).await?;
            self.states[place].send_if_modified(|state| {
                let next = match (&*state, present) {
                    // Another server on this engine may have built what still waits here.
                    (
                        ImageState::Missing | ImageState::Queued | ImageState::Failed { .. },
                        true,
                    ) => ready(image),
                    (ImageState::Ready { .. }, false) => ImageState::Missing,
                    _ => return false,
                };
                *state = next;
                true
            });
        }
        self.news.notify_waiters();
        Ok(())
    }

    /// Builds what is asked for until cancelled. Builds under way are given up then; the engine keeps
    /// the finished steps for the next time.
    pub async fn run(&self, cancel: CancellationToken) {
        tokio::join!(
            self.run_those_of(BuildEffort::Short, &cancel),
            self.run_those_of(BuildEffort::Long, &cancel),
        );
    }

    async fn run_those_of(&self, effort: BuildEffort, cancel: &CancellationToken) {
        loop {
            // Listened to before looking: nothing that is asked for in between is missed.
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            let Some(place) = self.take_next(effort) else {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = news => continue,
                }
            };
            tokio::select! {
                () = cancel.cancelled() => {
                    self.set(place, ImageState::Missing);
                    return;
                }
                () = self.bring(place) => {}
            }
        }
    }

    /// The next image of this effort that waits for no other.
    fn take_next(&self, effort: BuildEffort) -> Option<usize> {
        let images = self.catalog.images();
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.take_next(|place| {
            images.get(place).is_some_and(|image| {
                image.effort == effort && !image.builds_on.iter().any(|base| self.is_coming(base))
            })
        })
    }

    fn is_coming(&self, name: &Slug) -> bool {
        matches!(
            self.state(name),
            Some(ImageState::Queued | ImageState::Building { .. })
        )
    }

    async fn bring(&self, place: usize) {
        let Some(image) = self.catalog.images().get(place) else {
            return;
        };
        let mut progress = Progress::new(&self.states[place], image.instructions);
        let outcome = self.build(image, &mut progress).await;
        let state = match outcome {
            Ok(()) => ready(image),
            Err(why) => {
                tracing::warn!(image.name = %image.name, "image build failed: {why}");
                progress.line(&why);
                ImageState::Failed {
                    log_tail: progress.tail.into(),
                }
            }
        };
        self.set(place, state);
        self.news.notify_waiters();
    }

    async fn build(&self, image: &Image, progress: &mut Progress<'_>) -> Result<(), String> {
        for base in &image.builds_on {
            if !matches!(self.state(base), Some(ImageState::Ready { .. })) {
                return Err(format!("it builds on `{base}`, which could not be built"));
            }
        }
        if self.present(&image.tag).await? {
            return self.tag_latest(image).await;
        }
        if image.needs_base {
            let _alone = self.base.lock().await;
            if !self.present(BASE_IMAGE).await? {
                self.bring_base(progress).await?;
            }
        }
        let folder = image.folder.clone();
        let context = tokio::task::spawn_blocking(move || {
            let files = context_files(&folder).map_err(|e| e.to_string())?;
            pack(&files).map_err(|e| e.to_string())
        })
        .await
        .map_err(|e| e.to_string())
        .flatten()?;
        let docker = self.engine.docker().await.map_err(text)?;
        let options = BuildImageOptionsBuilder::default()
            .dockerfile("Dockerfile")
            .t(&image.tag)
            .rm(true)
            .forcerm(true)
            .buildargs(&self.args.clone().into_iter().collect())
            .labels(
                &[("io.slipway.image".to_owned(), image.name.to_string())]
                    .into_iter()
                    .collect(),
            )
            .build();
        let log = docker.build_image(options, None, Some(body_full(context)));
        follow("build an image", BUILD_SILENCE, log, |info| {
            if let Some(text) = info.stream.or(info.status) {
                progress.text(&text);
            }
        })
        .await?;
        self.tag_latest(image).await
    }

    /// Dockerfiles name their bases without a tag, so the newest build must carry `latest`.
    async fn tag_latest(&self, image: &Image) -> Result<(), String> {
        let docker = self.engine.docker().await.map_err(text)?;
        let repository = format!("slipway/{}", image.name);
        let options = TagImageOptionsBuilder::default()
            .repo(&repository)
            .tag("latest")
            .build();
        within(
            "tag an image",
            self.engine.timeouts().create,
            docker.tag_image(&image.tag, Some(options)),
        )
        .await
        .map_err(text)
    }

    async fn bring_base(&self, progress: &mut Progress<'_>) -> Result<(), String> {
        progress.line(&format!("pulling {BASE_IMAGE}"));
        let docker = self.engine.docker().await.map_err(text)?;
        let options = CreateImageOptionsBuilder::default()
            .from_image(BASE_IMAGE)
            .build();
        let log = docker.create_image(Some(options), None, None);
        let pulled = follow("pull an image", PULL_SILENCE, log, |info| {
            if let Some(status) = info.status {
                progress.text(&status);
            }
        })
        .await;
        if pulled.is_ok() && self.present(BASE_IMAGE).await? {
            return Ok(());
        }
        progress.line("no registry answers: making the base image from a Debian mirror");
        tokio::time::timeout(BOOTSTRAP_LIMIT, self.bootstrap_base(progress))
            .await
            .map_err(|_| {
                format!(
                    "the base image took longer than {} minutes",
                    BOOTSTRAP_LIMIT.as_secs() / 60
                )
            })?
    }

    async fn bootstrap_base(&self, progress: &mut Progress<'_>) -> Result<(), String> {
        let shown = self.bootstrap.display().to_string();
        let mut child = Command::new(&self.bootstrap)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("{shown} can't be run: {e}"))?;
        let (Some(mut stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(format!("{shown} has no output"));
        };
        let mut lines = BufReader::new(stderr).lines();
        // The archive comes when it is complete. An empty one would make an empty image, so nothing
        // is sent to the engine before the first bytes.
        let mut first = vec![0; 64 * 1024];
        let read = loop {
            tokio::select! {
                read = stdout.read(&mut first) => break read.map_err(|e| e.to_string())?,
                line = lines.next_line() => match line {
                    Ok(Some(line)) => progress.line(&line),
                    _ => break stdout.read(&mut first).await.map_err(|e| e.to_string())?,
                },
            }
        };
        if read == 0 {
            while let Ok(Some(line)) = lines.next_line().await {
                progress.line(&line);
            }
            // That it failed is known already.
            let _ = child.wait().await;
            return Err(format!("{shown} gave no image; its messages above say why"));
        }
        first.truncate(read);
        let archive = futures_util::stream::once(async move { Ok(Bytes::from(first)) })
            .chain(ReaderStream::with_capacity(stdout, 256 * 1024));
        let docker = self.engine.docker().await.map_err(text)?;
        let options = CreateImageOptionsBuilder::default()
            .from_src("-")
            // With its tag, as the API allows: Podman overlooks a tag of its own here.
            .repo(BASE_IMAGE)
            .build();
        let log = docker.create_image(Some(options), Some(body_try_stream(archive)), None);
        progress.line(&format!("importing {BASE_IMAGE}"));
        follow("import an image", BUILD_SILENCE, log, |_| {}).await?;
        let status = child.wait().await.map_err(|e| e.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{shown} failed ({status})"))
        }
    }

    async fn present(&self, tag: &str) -> Result<bool, String> {
        self.engine.image_present(tag).await.map_err(text)
    }

    fn place(&self, name: &Slug) -> Option<usize> {
        self.catalog.images().iter().position(|i| i.name == *name)
    }

    fn set(&self, place: usize, state: ImageState) {
        self.states[place].send_replace(state);
    }
}

fn ready(image: &Image) -> ImageState {
    ImageState::Ready {
        tag: image.tag.clone(),
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` asks for"
)]
fn text(error: EngineError) -> String {
    error.to_string()
}

/// Reads a stream of messages to its end; an error in it, or too long a silence, ends it.
async fn follow<T>(
    operation: &'static str,
    silence: Duration,
    log: impl Stream<Item = Result<T, bollard::errors::Error>>,
    mut on_message: impl FnMut(T),
) -> Result<(), String> {
    let mut log = std::pin::pin!(log);
    while let Some(message) = within(operation, silence, async { log.next().await.transpose() })
        .await
        .map_err(text)?
    {
        on_message(message);
    }
    Ok(())
}

/// The build context as a tar archive that is the same for the same files.
fn pack(files: &[ContextFile]) -> std::io::Result<Bytes> {
    let mut tar = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(file.content.len() as u64);
        header.set_mode(if file.executable { 0o755 } else { 0o644 });
        header.set_mtime(0);
        tar.append_data(&mut header, &file.path, file.content.as_slice())?;
    }
    Ok(tar.into_inner()?.into())
}

/// What a build has said so far.
struct Progress<'a> {
    state: &'a watch::Sender<ImageState>,
    step: u32,
    steps: u32,
    tail: VecDeque<String>,
    /// The start of a line whose end has not come yet.
    partial: String,
}

impl<'a> Progress<'a> {
    fn new(state: &'a watch::Sender<ImageState>, steps: u32) -> Self {
        let mut progress = Self {
            state,
            step: 0,
            steps,
            tail: VecDeque::new(),
            partial: String::new(),
        };
        progress.publish(String::new());
        progress
    }

    fn text(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            if self.partial.len() < LINE_CHARS * 4 {
                self.partial.push_str(piece);
            }
            if piece.ends_with('\n') {
                let line = std::mem::take(&mut self.partial);
                self.line(&line);
            }
        }
    }

    fn line(&mut self, line: &str) {
        for line in line.lines() {
            let line: String = line
                .chars()
                .filter(|c| !c.is_control())
                .take(LINE_CHARS)
                .collect();
            if line.trim().is_empty() {
                continue;
            }
            if let Some((step, steps)) = parse_step(&line) {
                self.step = step;
                self.steps = steps;
            }
            if self.tail.len() == TAIL_LINES {
                self.tail.pop_front();
            }
            self.tail.push_back(line.clone());
            self.publish(line);
        }
    }

    fn publish(&mut self, last_line: String) {
        let (step, steps) = (self.step, self.steps);
        let done = u64::from(step.saturating_sub(1)) * 100 / u64::from(steps.max(1));
        self.state.send_replace(ImageState::Building {
            step,
            steps,
            last_line,
            percent: u8::try_from(done.min(99)).unwrap_or(99),
        });
    }
}

/// `Step 3/7 : RUN …`
fn parse_step(line: &str) -> Option<(u32, u32)> {
    let (step, rest) = line.strip_prefix("Step ")?.split_once('/')?;
    let (steps, _) = rest.split_once(' ')?;
    Some((step.parse().ok()?, steps.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_follows_the_builder_s_steps_and_keeps_the_end_of_the_log() {
        let state = watch::channel(ImageState::Missing).0;
        let mut progress = Progress::new(&state, 4);
        progress.text("Step 3/8 : RUN apt-get\n ---> \u{1b}[31mRunn");
        progress.text("ing\n");
        assert_eq!(
            *state.borrow(),
            ImageState::Building {
                step: 3,
                steps: 8,
                last_line: " ---> [31mRunning".into(),
                percent: 25
            }
        );
        for n in 0..200 {
            progress.line(&format!("line {n}"));
        }
        assert_eq!(progress.tail.len(), TAIL_LINES);
        assert_eq!(progress.tail.back().unwrap(), "line 199");
    }

    #[test]
    fn an_endless_line_is_cut() {
        let state = watch::channel(ImageState::Missing).0;
        let mut progress = Progress::new(&state, 1);
        for _ in 0..10_000 {
            progress.text("0123456789");
        }
        progress.text("\n");
        assert_eq!(progress.tail.back().unwrap().chars().count(), LINE_CHARS);
    }
}

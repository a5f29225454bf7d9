//! The lab images as the use cases see them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::App;
use crate::{
    domain::ids::Slug,
    sandbox::{
        docker::ImageBuilder,
        images::{ImageCatalog, ImageState},
    },
};

/// How often it asks an engine that does not answer which images it has.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The lab images and how they are.
#[derive(Debug)]
pub struct Images {
    source: Source,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
enum Source {
    Builder(Arc<ImageBuilder>),
    /// Nothing is built: for tests without an engine.
    Fixed(BTreeMap<Slug, ImageState>),
}

impl Images {
    /// Starts the builder in the background. Nothing is built until asked for.
    pub fn start(builder: ImageBuilder, tasks: &TaskTracker, stop: &CancellationToken) -> Self {
        let builder = Arc::new(builder);
        let changed = watch::Sender::new(());
        let runner = (Arc::clone(&builder), stop.clone());
        tasks.spawn(async move {
            let (builder, stop) = runner;
            tokio::select! {
                () = stop.cancelled() => return,
                () = until_known(&builder) => {}
            }
            builder.run(stop).await;
        });
        for image in builder.catalog().images() {
            let Some(mut state) = builder.watch(&image.name) else {
                continue;
            };
            let (changed, stop) = (changed.clone(), stop.clone());
            tasks.spawn(async move {
                loop {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        news = state.changed() => {
                            if news.is_err() {
                                return;
                            }
                            changed.send_replace(());
                        }
                    }
                }
            });
        }
        Self {
            source: Source::Builder(builder),
            changed,
        }
    }

    /// Images that stay as they are.
    pub fn fixed(states: BTreeMap<Slug, ImageState>) -> Self {
        Self {
            source: Source::Fixed(states),
            changed: watch::Sender::new(()),
        }
    }

    /// The images there are, if their Dockerfiles are known.
    pub fn catalog(&self) -> Option<&ImageCatalog> {
        match &self.source {
            Source::Builder(builder) => Some(builder.catalog()),
            Source::Fixed(_) => None,
        }
    }

    /// How an image is; missing when no folder has its name.
    pub fn state(&self, name: &Slug) -> ImageState {
        let state = match &self.source {
            Source::Builder(builder) => builder.state(name),
            Source::Fixed(states) => states.get(name).cloned(),
        };
        state.unwrap_or(ImageState::Missing)
    }

    /// Which of these images are not ready, and what they build on that is not ready either, in the
    /// order in which they are built.
    pub fn not_ready(&self, names: &BTreeSet<Slug>) -> Vec<(Slug, ImageState)> {
        let is_ready = |name: &Slug| matches!(self.state(name), ImageState::Ready { .. });
        let missing = match self.catalog() {
            Some(catalog) => catalog.still_needed(names, is_ready),
            None => names.iter().filter(|n| !is_ready(n)).cloned().collect(),
        };
        let with_state = |name: Slug| {
            let state = self.state(&name);
            (name, state)
        };
        missing.into_iter().map(with_state).collect()
    }

    /// The tag that an image has, or gets when it is built.
    pub fn tag(&self, name: &Slug) -> Option<String> {
        match &self.source {
            Source::Builder(builder) => builder.catalog().get(name).map(|image| image.tag.clone()),
            Source::Fixed(states) => match states.get(name) {
                Some(ImageState::Ready { tag }) => Some(tag.clone()),
                _ => None,
            },
        }
    }

    /// Asks for an image that somebody waits for: it comes before those asked for ahead of time.
    /// Nothing happens when it is there or under way; what failed is tried again.
    pub fn request(&self, name: &Slug) {
        if let Source::Builder(builder) = &self.source {
            builder.request(name);
        }
    }

    /// Asks for an image ahead of time.
    pub fn request_ahead(&self, name: &Slug) {
        if let Source::Builder(builder) = &self.source {
            builder.request_ahead(name);
        }
    }

    /// Looks which images the engine has.
    pub async fn refresh(&self) {
        if let Source::Builder(builder) = &self.source
            && let Err(error) = builder.refresh().await
        {
            tracing::warn!(%error, "the engine's images can't be listed");
        }
    }

    /// Tells whenever any image changes.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

/// Looks which images are there, until the engine has answered once.
async fn until_known(builder: &ImageBuilder) {
    while builder.refresh().await.is_err() {
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

impl App {
    /// Every image with its state, in the order in which they are built.
    pub fn image_states(&self) -> Vec<(Slug, ImageState)> {
        let Some(catalog) = self.images.catalog() else {
            return Vec::new();
        };
        catalog
            .images()
            .iter()
            .map(|i| (i.name.clone(), self.images.state(&i.name)))
            .collect()
    }

    /// Asks for the images of all published labs, so that the first learner need not wait: in the
    /// order in which learners come to them.
    pub fn build_all_images(&self) {
        let loaded = self.loaded();
        for lab in loaded.catalog.labs_in_order() {
            for (image, _) in self.images_not_ready(&lab.lab) {
                self.images.request_ahead(&image);
            }
        }
    }
}

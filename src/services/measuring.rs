//! What labs need: looking at a sandbox while it starts, rests and works, and keeping the figures
//! for instructors.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    time::Duration,
};

use super::{
    App, ServiceError,
    sandboxes::{images_of_lab, memory_of_machines},
};
use crate::{
    content::LoadedLab,
    domain::{
        ids::{SandboxId, Slug},
        lab::Lab,
        measurement::{
            Host, ImageSize, Images, MachineMemory, Measurement, Sample, at_rest, is_at_rest,
        },
        quantity::Bytes,
    },
    sandbox::{
        EngineError,
        images::{ImageState, bytes_together},
    },
};

/// Between two looks at memory that comes to rest. Nothing tells when it changes.
const REST_EVERY: Duration = Duration::from_secs(1);
/// After so many looks it is taken as it is: some programs never rest.
const REST_LOOKS: usize = 40;
/// Between two looks at memory while solutions run.
const PEAK_EVERY: Duration = Duration::from_millis(200);

/// Why a lab can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// An image is not there and can't be made.
    #[error("the image `{0}` could not be built")]
    Image(Slug),
    /// The class mirror is not there.
    #[error("the class mirror can't be started: {0}")]
    Mirror(String),
    /// The engine said no.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A machine of the sandbox ended.
    #[error("the machine `{0}` does not run any more")]
    Gone(Slug),
    /// The engine keeps no account of memory.
    #[error("the engine does not tell how much memory the machine `{0}` uses")]
    Untold(Slug),
    /// The program is being ended.
    #[error("interrupted")]
    Interrupted,
}

impl From<MeasureError> for ServiceError {
    fn from(error: MeasureError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// What a lab was measured to need, as far as it holds today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The newest measurement.
    pub measurement: Measurement,
    /// Whether neither the lab nor one of its images has changed since.
    pub is_current: bool,
}

impl App {
    /// The engine's host as it is written beside measurements.
    pub async fn measuring_host(&self) -> Result<Host, MeasureError> {
        let info = self.engine.info().await?;
        Ok(Host {
            engine: format!("{} {}", info.product, info.version),
            cpus: info.cpus,
            memory_bytes: Bytes(info.memory_bytes),
        })
    }

    /// Waits until all that a start of the lab takes for granted is there: its images, and the class
    /// mirror where it is used.
    pub async fn until_lab_can_start(&self, lab: &Lab) -> Result<(), MeasureError> {
        let mut changes = self.images.changes();
        for (image, _) in self.images_not_ready(lab) {
            self.images.request(&image);
        }
        loop {
            changes.borrow_and_update();
            let missing = self.images_not_ready(lab);
            if let Some((image, _)) = missing
                .iter()
                .find(|(_, state)| matches!(state, ImageState::Failed { .. }))
            {
                return Err(MeasureError::Image(image.clone()));
            }
            if missing.is_empty() {
                break;
            }
            changes
                .changed()
                .await
                .map_err(|_| MeasureError::Interrupted)?;
        }
        if lab.mirror {
            let agent = self.mirror_agent().await;
            agent.map_err(|error| MeasureError::Mirror(error.to_string()))?;
        }
        Ok(())
    }

    /// The memory of each machine of a sandbox that is ready, once it has come to rest.
    pub async fn memory_at_rest(
        &self,
        sandbox: SandboxId,
        lab: &Lab,
    ) -> Result<Vec<MachineMemory>, MeasureError> {
        let mut samples = Vec::new();
        while samples.len() < REST_LOOKS && !is_at_rest(&samples) {
            tokio::time::sleep(REST_EVERY).await;
            samples.push(self.memory_now(sandbox).await?);
        }
        let resting = at_rest(&samples);
        memory_of_machines(lab)
            .into_iter()
            .map(|(name, promised)| match resting.0.get(&name) {
                None => Err(MeasureError::Gone(name)),
                Some(Bytes(0)) => Err(MeasureError::Untold(name)),
                Some(&rest_bytes) => Ok(MachineMemory {
                    name,
                    rest_bytes,
                    promised_bytes: promised.into(),
                }),
            })
            .collect()
    }

    /// Does some work and tells the highest total memory of the sandbox's machines meanwhile.
    pub async fn peak_while<T>(
        &self,
        sandbox: SandboxId,
        work: impl Future<Output = T>,
    ) -> (T, Result<Bytes, MeasureError>) {
        let mut peak = Bytes(0);
        let done = tokio::select! {
            done = work => done,
            never = self.keep_looking(sandbox, &mut peak) => match never {},
        };
        let last = self.memory_now(sandbox).await;
        let peak = last.map(|sample| peak.max(sample.total()));
        (done, peak.map_err(MeasureError::from))
    }

    async fn keep_looking(&self, sandbox: SandboxId, peak: &mut Bytes) -> Infallible {
        loop {
            // One look that fails among many does no harm; the last one has to succeed.
            match self.memory_now(sandbox).await {
                Ok(sample) => *peak = sample.total().max(*peak),
                Err(error) => tracing::warn!(%error, "memory can't be looked at"),
            }
            tokio::time::sleep(PEAK_EVERY).await;
        }
    }

    async fn memory_now(&self, sandbox: SandboxId) -> Result<Sample, EngineError> {
        let stats = self.engine.stats(sandbox).await?;
        let of_each = stats.into_iter().map(|m| (m.name, Bytes(m.memory_bytes)));
        Ok(Sample(of_each.collect()))
    }

    async fn images_on_disk(&self, names: BTreeSet<Slug>) -> Result<Images, MeasureError> {
        let (mut each, mut found) = (Vec::new(), Vec::new());
        for name in names {
            let ImageState::Ready { tag } = self.images.state(&name) else {
                return Err(MeasureError::Image(name));
            };
            let image = self.engine.image_on_disk(&tag).await?;
            each.push(ImageSize {
                name,
                tag,
                bytes: Bytes(image.bytes),
            });
            found.push(image);
        }
        let together = bytes_together(&found);
        Ok(Images {
            total_bytes: together.map_or_else(|| each.iter().map(|i| i.bytes).sum(), Bytes),
            shared_once: together.is_some(),
            each,
        })
    }

    /// How much of the engine's disk the images of some labs take, each and together.
    pub async fn lab_images_on_disk<'a>(
        &self,
        labs: impl IntoIterator<Item = &'a Lab>,
    ) -> Result<Images, MeasureError> {
        let names = labs.into_iter().flat_map(images_of_lab).collect();
        self.images_on_disk(names).await
    }

    /// Keeps a measurement in place of the lab's last.
    pub async fn keep_measurement(&self, new: &Measurement) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        tx.set_measurement(new).await?;
        Ok(tx.commit().await?)
    }

    /// What a lab was measured to need; `None` when it never was measured.
    pub async fn measurement_of(&self, lab: &LoadedLab) -> Result<Option<Known>, ServiceError> {
        let measurement = self.store.measurement(&lab.lab.id).await?;
        Ok(measurement.map(|measurement| self.as_of_today(lab, measurement)))
    }

    /// What the labs there are were measured to need, by their names.
    pub async fn measurements(&self) -> Result<BTreeMap<Slug, Known>, ServiceError> {
        let loaded = self.loaded();
        let known = self.store.measurements().await?.into_iter();
        Ok(known
            .filter_map(|measurement| {
                let lab = loaded.catalog.lab(&measurement.lab)?;
                let known = self.as_of_today(lab, measurement);
                Some((lab.lab.id.clone(), known))
            })
            .collect())
    }

    fn as_of_today(&self, lab: &LoadedLab, measurement: Measurement) -> Known {
        Known {
            is_current: measurement.is_of(&lab.hash, |image| self.images.tag(image)),
            measurement,
        }
    }
}

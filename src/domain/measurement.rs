//! What a lab was measured to need: memory, time to start, images on disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{clock::Timestamp, ids::Slug, quantity::Bytes};

/// How many samples in a row must agree for memory to be at rest, and are averaged then.
const WINDOW: usize = 5;
/// By how much they may differ: this part of the largest, …
const TOLERANCE_PERCENT: u64 = 2;
/// … or so many bytes, where that is more.
const TOLERANCE_BYTES: u64 = 1 << 20;

/// What one version of a lab was measured to need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// Which lab.
    pub lab: Slug,
    /// SHA-256 of the version that was measured, as it is published under.
    pub content_hash: String,
    /// When.
    pub measured_at: Timestamp,
    /// On what.
    pub host: Host,
    /// From the request for a sandbox to its being ready, in milliseconds. Images were on the engine
    /// already, and nobody was before it in the queue.
    pub start_ms: u64,
    /// Every machine of the sandbox, those that the server adds included.
    pub machines: Vec<MachineMemory>,
    /// The highest total memory that was seen while the reference solutions ran and were graded, step
    /// by step. Memory is looked at some times a second: what comes and goes faster is missed.
    pub peak_bytes: Bytes,
    /// Its images.
    pub images: Images,
}

/// The container engine's host during a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The engine with its version, `Docker 20.10.24`.
    pub engine: String,
    /// Processor cores.
    pub cpus: u32,
    /// Memory.
    pub memory_bytes: Bytes,
}

/// The memory of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineMemory {
    /// The machine's name.
    pub name: Slug,
    /// In use when the sandbox was ready and had come to rest. Page cache that the kernel can drop is
    /// left out; files in folders that lie in memory are in it.
    pub rest_bytes: Bytes,
    /// The most it may use.
    pub promised_bytes: Bytes,
}

/// The images of a lab on the engine's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// Each image with all of its layers.
    pub each: Vec<ImageSize>,
    /// All of them together.
    pub total_bytes: Bytes,
    /// Whether layers that several of them share were counted once in the total; else it is the plain
    /// sum, since the engine did not tell.
    pub shared_once: bool,
}

/// An image on the engine's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Its name: a folder of `labs/images`.
    pub name: Slug,
    /// Its tag, which stands for what it was built from.
    pub tag: String,
    /// All of its layers.
    pub bytes: Bytes,
}

impl Measurement {
    /// Memory at rest, over all machines.
    pub fn rest_bytes(&self) -> Bytes {
        self.machines.iter().map(|m| m.rest_bytes).sum()
    }

    /// Memory promised, over all machines.
    pub fn promised_bytes(&self) -> Bytes {
        self.machines.iter().map(|m| m.promised_bytes).sum()
    }

    /// Whether it holds for the lab as it is now: of these files, with images of these tags. An image
    /// without a known tag decides nothing.
    pub fn is_of(&self, content_hash: &str, tag_of: impl Fn(&Slug) -> Option<String>) -> bool {
        let is_same = |image: &ImageSize| tag_of(&image.name).is_none_or(|tag| tag == image.tag);
        self.content_hash == content_hash && self.images.each.iter().all(is_same)
    }
}

/// The memory of each machine of a sandbox at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample(pub BTreeMap<Slug, Bytes>);

impl Sample {
    /// All machines together.
    pub fn total(&self) -> Bytes {
        self.0.values().copied().sum()
    }
}

/// Whether the newest samples agree, so that what starts has started.
pub fn is_at_rest(samples: &[Sample]) -> bool {
    let Some(newest) = samples
        .len()
        .checked_sub(WINDOW)
        .and_then(|from| samples.get(from..))
    else {
        return false;
    };
    let totals = || newest.iter().map(|sample| sample.total().0);
    let (least, most) = (totals().min().unwrap_or(0), totals().max().unwrap_or(0));
    most - least <= (most / 100 * TOLERANCE_PERCENT).max(TOLERANCE_BYTES)
}

/// The memory of each machine at rest: the median of the newest samples, so that one that caught a
/// short-lived process decides nothing.
pub fn at_rest(samples: &[Sample]) -> Sample {
    let from = samples.len().saturating_sub(WINDOW);
    let mut by_machine: BTreeMap<&Slug, Vec<Bytes>> = BTreeMap::new();
    for (name, bytes) in samples.iter().skip(from).flat_map(|sample| &sample.0) {
        by_machine.entry(name).or_default().push(*bytes);
    }
    let median = |mut seen: Vec<Bytes>| {
        seen.sort_unstable();
        seen.get(seen.len() / 2).copied().unwrap_or_default()
    };
    Sample(
        by_machine
            .into_iter()
            .map(|(name, seen)| (name.clone(), median(seen)))
            .collect(),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn slug(name: &str) -> Slug {
        name.parse().unwrap()
    }

    /// A measurement of a lab with two machines and two images.
    pub(crate) fn measurement(lab: &str) -> Measurement {
        let image = |name: &str, mib: u64| ImageSize {
            name: slug(name),
            tag: format!("slipway/{name}:1"),
            bytes: Bytes(mib * MIB),
        };
        let machine = |name: &str, rest: u64, promised: u64| MachineMemory {
            name: slug(name),
            rest_bytes: Bytes(rest * MIB),
            promised_bytes: Bytes(promised * MIB),
        };
        Measurement {
            lab: slug(lab),
            content_hash: "h1".to_owned(),
            measured_at: Timestamp::from_millis(1_780_000_000_000),
            host: Host {
                engine: "Docker 20.10.24".to_owned(),
                cpus: 2,
                memory_bytes: Bytes(24 << 30),
            },
            start_ms: 4_321,
            machines: vec![machine("desk", 11, 256), machine("broker", 120, 512)],
            peak_bytes: Bytes(180 * MIB),
            images: Images {
                each: vec![image("desk", 100), image("rabbitmq", 300)],
                total_bytes: Bytes(320 * MIB),
                shared_once: true,
            },
        }
    }

    fn samples(totals: &[u64]) -> Vec<Sample> {
        let sample = |mib: &u64| {
            Sample(BTreeMap::from([
                (slug("desk"), Bytes(10 * MIB)),
                (slug("broker"), Bytes((mib - 10) * MIB)),
            ]))
        };
        totals.iter().map(sample).collect()
    }

    #[test]
    fn memory_is_at_rest_when_the_newest_samples_agree() {
        assert!(!is_at_rest(&[]));
        assert!(!is_at_rest(&samples(&[200, 200, 200, 200])), "too few");
        assert!(is_at_rest(&samples(&[200, 200, 200, 200, 200])));
        assert!(is_at_rest(&samples(&[20, 90, 200, 202, 204, 202, 201])));
        assert!(!is_at_rest(&samples(&[200, 200, 200, 200, 210])), "grows");
        // Of little memory, one mebibyte is more than two percent.
        assert!(is_at_rest(&samples(&[11, 12, 11, 11, 12])));
        assert!(!is_at_rest(&samples(&[11, 13, 11, 11, 11])));
    }

    #[test]
    fn at_rest_a_single_outlier_decides_nothing() {
        let seen = at_rest(&samples(&[900, 200, 201, 500, 202, 199]));
        assert_eq!(seen.0[&slug("desk")], Bytes(10 * MIB));
        assert_eq!(seen.0[&slug("broker")], Bytes(191 * MIB));
        assert_eq!(seen.total(), Bytes(201 * MIB));
        assert_eq!(at_rest(&[]), Sample::default());
    }

    #[test]
    fn totals_are_those_of_all_machines() {
        let measured = measurement("queue");
        assert_eq!(measured.rest_bytes(), Bytes(131 * MIB));
        assert_eq!(measured.promised_bytes(), Bytes(768 * MIB));
    }

    #[test]
    fn a_measurement_is_of_one_version_and_of_the_images_it_had() {
        let measured = measurement("queue");
        let same = |name: &Slug| Some(format!("slipway/{name}:1"));
        assert!(measured.is_of("h1", same));
        assert!(!measured.is_of("h2", same), "the lab's files changed");
        let rebuilt = |name: &Slug| Some(format!("slipway/{name}:2"));
        assert!(!measured.is_of("h1", rebuilt), "an image changed");
        assert!(measured.is_of("h1", |_| None));
    }
}

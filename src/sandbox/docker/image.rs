//! How large images are, and what they share.

use bollard::models::ImageHistoryResponseItem;
use sha2::{Digest, Sha256};

use super::{client::DockerEngine, error::within};
use crate::sandbox::engine::{EngineError, ImageOnDisk, LayerOnDisk};

impl DockerEngine {
    pub(super) async fn read_image(&self, tag: &str) -> Result<ImageOnDisk, EngineError> {
        let docker = self.docker().await?;
        let limit = self.timeouts().question;
        let image = within("look at an image", limit, docker.inspect_image(tag)).await?;
        let history = within("read an image's history", limit, docker.image_history(tag)).await?;
        let bytes = image
            .size
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or_default();
        let lowest = image
            .root_fs
            .and_then(|root| root.layers)
            .and_then(|layers| layers.into_iter().next())
            .unwrap_or_default();
        Ok(ImageOnDisk {
            bytes,
            layers: layers(&lowest, &history, bytes),
        })
    }
}

/// The layers of an image by its history, from the lowest on. Engines tell sizes in the history
/// alone, and there no digests. But an image that is built on another inherits its history, with the
/// moments at which its steps were run, so a beginning in common means layers in common; `lowest`,
/// the digest of the lowest layer, keeps images apart that have nothing in common at all. Nothing
/// when the history does not add up to the image.
fn layers(lowest: &str, newest_first: &[ImageHistoryResponseItem], bytes: u64) -> Vec<LayerOnDisk> {
    let mut so_far = Sha256::new_with_prefix(lowest);
    let mut layers = Vec::new();
    for step in newest_first.iter().rev() {
        let size = u64::try_from(step.size).unwrap_or(0);
        // The length sets apart what follows it.
        so_far.update(step.created.to_be_bytes());
        so_far.update(size.to_be_bytes());
        so_far.update((step.created_by.len() as u64).to_be_bytes());
        so_far.update(&step.created_by);
        // Most steps only change settings.
        if size > 0 {
            layers.push(LayerOnDisk {
                id: format!("{:x}", so_far.clone().finalize()),
                bytes: size,
            });
        }
    }
    if layers.iter().map(|layer| layer.bytes).sum::<u64>() == bytes {
        layers
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::images::bytes_together;

    fn step(created: i64, created_by: &str, size: i64) -> ImageHistoryResponseItem {
        ImageHistoryResponseItem {
            id: "<missing>".to_owned(),
            created,
            created_by: created_by.to_owned(),
            tags: vec![],
            size,
            comment: String::new(),
        }
    }

    /// An image of these steps, the lowest first.
    fn image(lowest: &str, steps: &[ImageHistoryResponseItem]) -> ImageOnDisk {
        let newest_first: Vec<_> = steps.iter().rev().cloned().collect();
        let bytes = steps.iter().map(|s| u64::try_from(s.size).unwrap()).sum();
        ImageOnDisk {
            bytes,
            layers: layers(lowest, &newest_first, bytes),
        }
    }

    #[test]
    fn what_two_images_share_counts_once() {
        let base = [step(1, "ADD root", 70), step(2, "ENV A=1", 0)];
        let with = |steps: &[ImageHistoryResponseItem]| image("a", &[&base, steps].concat());
        let desk = with(&[step(3, "RUN apt-get install", 20)]);
        let broker = with(&[
            step(4, "ENV B=1", 0),
            step(5, "RUN apt-get install", 30),
            step(6, "COPY start", 1),
        ]);
        assert_eq!(bytes_together([&image("a", &base), &desk]), Some(90));
        assert_eq!(bytes_together([&desk, &broker]), Some(121));
        assert_eq!(bytes_together([&desk, &desk]), Some(90));
        assert_eq!(bytes_together([]), Some(0));
    }

    #[test]
    fn steps_alike_on_different_ground_are_not_shared() {
        let steps = [step(1, "ADD root", 70), step(3, "COPY start", 5)];
        let other = [step(2, "ADD root", 70), step(3, "COPY start", 5)];
        assert_eq!(
            bytes_together([&image("a", &steps), &image("a", &other)]),
            Some(150)
        );
        assert_eq!(
            bytes_together([&image("a", &steps), &image("b", &steps)]),
            Some(150)
        );
    }

    #[test]
    fn a_history_that_does_not_add_up_tells_no_layers() {
        let history = [step(1, "ADD root", 70)];
        assert_eq!(layers("a", &history, 71), []);
        let untold = ImageOnDisk {
            bytes: 71,
            layers: vec![],
        };
        assert_eq!(bytes_together([&image("a", &history), &untold]), None);
    }
}

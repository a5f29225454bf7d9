//! From files to published, immutable versions.

use super::{App, ServiceError};
use crate::{
    content::{Catalog, Severity},
    domain::ids::Slug,
    store::labs::NewLabVersion,
};

/// What publishing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Labs that are published now.
    pub labs: usize,
    /// Labs whose files were never published before.
    pub new: usize,
    /// Mistakes that keep something from being published.
    pub errors: usize,
}

impl App {
    /// Reads the courses from disk and publishes their labs. A lab with a mistake keeps the
    /// version that was published before.
    pub async fn publish_labs(&self) -> Result<Published, ServiceError> {
        let root = self.config.labs_dir.clone();
        let environments = self.config.kubernetes_environments.clone();
        let loaded = tokio::task::spawn_blocking(move || Catalog::load(&root, &environments))
            .await
            .map_err(|e| ServiceError::Internal(e.to_string()))?;
        for problem in &loaded.problems {
            if problem.severity == Severity::Error {
                tracing::error!("{problem}");
            } else {
                tracing::warn!("{problem}");
            }
        }
        let errors = loaded
            .problems
            .iter()
            .filter(|p| p.severity == Severity::Error)
            .count();
        let (mut labs, mut new) = (0, 0);
        let mut tx = self.store.begin().await?;
        for lab in loaded.catalog.labs() {
            let version = NewLabVersion {
                course: &lab.course,
                lab: &lab.lab,
                content_hash: &lab.hash,
                files: &lab.files,
            };
            let (_, is_new) = tx.publish_lab(&version, self.clock.now()).await?;
            labs += 1;
            new += usize::from(is_new);
        }
        // A course that does not load at all says nothing about its labs.
        if errors == 0 {
            let keep: Vec<Slug> = loaded.catalog.labs().map(|l| l.lab.id.clone()).collect();
            tx.withdraw_labs_except(&keep).await?;
        }
        tx.commit().await?;
        tracing::info!(labs, new, errors, "labs published");
        self.set_catalog(loaded);
        Ok(Published { labs, new, errors })
    }
}

//! What has to be tidied now and then.

use std::time::Duration;

use super::{App, ServiceError};

/// How often.
const EVERY: Duration = Duration::from_mins(10);

impl App {
    /// Tidies until the server ends.
    pub async fn run_housekeeping(self) {
        loop {
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "tidying failed");
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn tidy(&self) -> Result<(), ServiceError> {
        self.throttle.tidy();
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        tx.delete_expired_login_sessions(now).await?;
        tx.delete_expired_previews(now).await?;
        Ok(tx.commit().await?)
    }
}

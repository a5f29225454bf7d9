//! `slipway backup`

use std::{path::Path, process::ExitCode};

use crate::{config::Config, lifecycle::StartError, store::Store};

/// Writes a copy of the database and proves that it opens.
pub(super) async fn run(config: &Config, to: &Path) -> Result<ExitCode, StartError> {
    if to.exists() {
        return Err(StartError::Usage(format!(
            "`{}` exists; name a new file",
            to.display()
        )));
    }
    let store = Store::open(&config.database()).await?;
    store.backup(to).await?;
    store.close().await;
    Store::open(to).await?.close().await;
    println!("{}", to.display());
    Ok(ExitCode::SUCCESS)
}

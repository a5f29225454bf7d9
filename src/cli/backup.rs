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
    Store::backup(&config.database(), to).await?;
    if !Store::is_sound(to).await? {
        return Err(StartError::Usage(format!(
            "the copy `{}` is damaged",
            to.display()
        )));
    }
    println!("{}", to.display());
    Ok(ExitCode::SUCCESS)
}

//! `slipway lab lint`

use std::{path::Path, process::ExitCode};

use crate::{
    config::Config,
    content::{Catalog, problem::any_error},
    lifecycle::StartError,
};

/// Explains every mistake; the code is 0 when there are only warnings.
pub(super) fn run(config: &Config, junit: Option<&Path>) -> Result<ExitCode, StartError> {
    let loaded = Catalog::load(&config.labs_dir);
    for problem in &loaded.problems {
        println!("{problem}");
    }
    let _ = junit;
    Ok(if any_error(&loaded.problems) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

//! `slipway lab`

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;

use super::{
    lab_choice::Choice,
    lab_lint,
    lab_measure::{self, Shape},
    lab_test,
};
use crate::{
    config::Config,
    lifecycle::{StartError, assemble},
};

#[derive(Debug, Subcommand)]
pub(super) enum LabCommand {
    /// Explain every mistake in the files of courses and labs.
    Lint {
        /// A lab's name, or the beginning of a path below the labs' folder; everything when left
        /// out.
        only: Option<String>,
        /// Fail on warnings too.
        #[arg(long)]
        strict: bool,
        /// Also write the findings as JUnit XML.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// Prove labs: a fresh sandbox fails every check, the reference solutions pass them in order,
    /// and a wrong solution fails as its author says.
    Test {
        #[command(flatten)]
        choice: Choice,
        /// Also write the outcome as JUnit XML.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// How many labs run side by side at most, as far as the memory for sandboxes goes.
        #[arg(long, default_value_t = 2)]
        jobs: usize,
    },
    /// Measure what labs need, one after the other: memory at rest and at its peak while the
    /// reference solutions run, time to start, images on disk. The figures are kept for instructors.
    Measure {
        #[command(flatten)]
        choice: Choice,
        /// Print JSON.
        #[arg(long, conflicts_with = "markdown")]
        json: bool,
        /// Print a Markdown table.
        #[arg(long)]
        markdown: bool,
        /// Only print the figures; keep none in the database.
        #[arg(long)]
        no_save: bool,
    },
    /// Publish the labs into the database; a running server takes them up on SIGHUP.
    Publish,
}

pub(super) async fn run(command: LabCommand, config: Config) -> Result<ExitCode, StartError> {
    match command {
        LabCommand::Lint {
            only,
            strict,
            junit,
        } => {
            let result = lab_lint::lint(
                &config.labs_dir,
                &config.kubernetes_environments,
                only.as_deref(),
            );
            print!("{}", lab_lint::human(&result));
            if let Some(file) = junit {
                std::fs::write(
                    file,
                    super::junit::report(&[lab_lint::suite(&result, strict)]),
                )?;
            }
            let success = result.is_success(strict);
            Ok(if success {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        LabCommand::Test {
            choice,
            junit,
            jobs,
        } => lab_test::run(config, &choice, junit.as_deref(), jobs).await,
        LabCommand::Measure {
            choice,
            json,
            markdown,
            no_save,
        } => {
            let shape = match (json, markdown) {
                (true, _) => Shape::Json,
                (false, true) => Shape::Markdown,
                (false, false) => Shape::Table,
            };
            lab_measure::run(config, &choice, shape, !no_save).await
        }
        LabCommand::Publish => {
            let app = assemble(config).await?;
            let published = app.publish_labs().await?;
            println!(
                "{} labs published, {} of them new",
                published.labs, published.new
            );
            let errors = published.errors;
            Ok(if errors == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

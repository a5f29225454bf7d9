//! The commands: one file each.

mod backup;
pub mod doctor;
pub mod junit;
mod lab;
mod lab_choice;
pub mod lab_lint;
mod lab_measure;
mod lab_needs;
pub mod lab_report;
pub mod lab_test;
mod rehearsal;
mod serve;
mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    config::Config, domain::text::Locale, lifecycle::StartError, services::ServiceError, telemetry,
    web::i18n::Translator,
};

/// Slipway: a self-hosted server for interactive courses and labs.
///
/// Settings come from `slipway.toml` in the current folder and from the environment (SLIPWAY_…);
/// docs/CONFIGURATION.md lists them.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (applies migrations, publishes the labs).
    Serve,
    /// Explain what is missing for sandboxes to work, and how to mend it.
    Doctor,
    /// Check, prove and publish labs.
    #[command(subcommand)]
    Lab(lab::LabCommand),
    /// Accounts, from the console.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Write a consistent copy of the database to a new file, while the server runs.
    Backup {
        /// The file; must not exist.
        to: PathBuf,
    },
    /// Print the one-time link that makes the first administrator.
    FirstAdminLink,
}

/// The error as a person reads it: refusals have texts of their own.
fn in_words(error: &StartError) -> String {
    match error {
        StartError::Service(ServiceError::Refused(refusal)) => {
            let t = Translator::new(Locale::En);
            let text = |part: &str| t.get(&format!("refusal-{}{part}", refusal.code()));
            format!("{}. {}", text(""), text("-remedy"))
        }
        error => error.to_string(),
    }
}

impl Cli {
    /// Does what the command says; the code is 0 when all went well.
    pub fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("slipway: {error}");
                return ExitCode::FAILURE;
            }
        };
        match runtime.block_on(self.execute()) {
            Ok(code) => code,
            Err(error) => {
                eprintln!("slipway: {}", in_words(&error));
                ExitCode::FAILURE
            }
        }
    }

    async fn execute(self) -> Result<ExitCode, StartError> {
        let mut config = Config::load()?;
        if !matches!(self.command, Command::Serve) && config.log == Config::default().log {
            // What commands print is for a person; their logs matter when something is wrong.
            "warn".clone_into(&mut config.log);
        }
        telemetry::start(&config)?;
        match self.command {
            Command::Serve => serve::run(config).await,
            Command::Doctor => doctor::run(&config).await,
            Command::Lab(command) => lab::run(command, config).await,
            Command::User(command) => user::run(command, config).await,
            Command::Backup { to } => backup::run(&config, &to).await,
            Command::FirstAdminLink => user::first_admin_link(config).await,
        }
    }
}

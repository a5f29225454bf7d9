//! The commands: one file each.

mod backup;
pub mod doctor;
pub mod junit;
mod lab;
pub mod lab_lint;
pub mod lab_report;
pub mod lab_test;
mod serve;
mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use self::doctor::Level;
use crate::{
    config::Config,
    lifecycle::{StartError, docker_config},
    sandbox::docker::DockerEngine,
    telemetry,
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

/// Shows what the doctor found; the code is 0 unless something will not work.
async fn run_doctor(config: &Config) -> Result<ExitCode, StartError> {
    let engine = DockerEngine::new(docker_config(config, "doctor")?);
    let (images, agent) = (config.images_dir(), config.agent_path());
    let places = doctor::Places {
        data: &config.data_dir,
        images: &images,
        agent: &agent,
        listen: config.listen,
    };
    let findings = doctor::examine(&engine, places).await;
    for finding in &findings {
        let mark = match finding.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        println!("{mark}  {}: {}", finding.name, finding.explanation);
        if !finding.remedy.is_empty() {
            println!("      → {}", finding.remedy);
        }
    }
    let fails = doctor::verdict(&findings) == Level::Fail;
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
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
                eprintln!("slipway: {error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn execute(self) -> Result<ExitCode, StartError> {
        let config = Config::load()?;
        telemetry::start(&config)?;
        match self.command {
            Command::Serve => serve::run(config).await,
            Command::Doctor => run_doctor(&config).await,
            Command::Lab(command) => lab::run(command, config).await,
            Command::User(command) => user::run(command, config).await,
            Command::Backup { to } => backup::run(&config, &to).await,
            Command::FirstAdminLink => user::first_admin_link(config).await,
        }
    }
}

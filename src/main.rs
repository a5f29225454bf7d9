//! The program `slipway`: reads the settings, then does what the command says.

use std::process::ExitCode;

use clap::Parser as _;
use slipway::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}

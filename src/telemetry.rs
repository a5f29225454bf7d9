//! Logs: text for a person at a terminal, JSON lines for collectors.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::Config;

/// The filter of the logs does not parse.
#[derive(Debug, thiserror::Error)]
#[error("settings: log: {0}")]
pub struct InvalidFilter(#[from] tracing_subscriber::filter::ParseError);

/// Starts to log to standard error. Call it once.
pub fn start(config: &Config) -> Result<(), InvalidFilter> {
    let filter = EnvFilter::try_new(&config.log)?;
    let registry = tracing_subscriber::registry().with(filter);
    if config.log_json {
        registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .init();
    } else {
        registry
            .with(fmt::layer().with_target(false).with_writer(std::io::stderr))
            .init();
    }
    Ok(())
}

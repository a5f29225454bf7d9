//! Logs: text for a person at a terminal, JSON lines for collectors.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::Config;

/// The filter of the logs does not parse.
#[derive(Debug, thiserror::Error)]
#[error("settings: log: {0}")]
pub struct InvalidFilter(#[from] tracing_subscriber::filter::ParseError);

/// Colours only where a person looks.
fn text<S>() -> fmt::Layer<S, fmt::format::DefaultFields, fmt::format::Format, fn() -> io::Stderr>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer()
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr as fn() -> io::Stderr)
}

/// Starts to log to standard error. Call it once.
pub fn start(config: &Config) -> Result<(), InvalidFilter> {
    let filter = EnvFilter::try_new(&config.log)?;
    let registry = tracing_subscriber::registry().with(filter);
    if config.log_json {
        registry
            .with(fmt::layer().json().with_writer(io::stderr))
            .init();
    } else {
        registry.with(text()).init();
    }
    Ok(())
}

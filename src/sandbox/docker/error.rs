//! From what the engine answers to what callers act on.

use std::{future::Future, time::Duration};

use bollard::errors::Error;

use crate::sandbox::engine::EngineError;

/// Waits for an engine call, at most `limit`.
pub(super) async fn within<T>(
    operation: &'static str,
    limit: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, EngineError> {
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(explain(error, operation, limit)),
        Err(_) => Err(EngineError::EngineTimeout { operation, limit }),
    }
}

/// The kind of an engine's error.
pub(super) fn explain(error: Error, operation: &'static str, limit: Duration) -> EngineError {
    match error {
        Error::RequestTimeoutError => EngineError::EngineTimeout { operation, limit },
        Error::SocketNotFoundError(path) => {
            EngineError::EngineUnreachable(format!("there is no socket at {path}"))
        }
        Error::HyperLegacyError { .. }
        | Error::HyperResponseError { .. }
        | Error::IOError { .. } => EngineError::EngineUnreachable(chain(&error)),
        Error::DockerResponseServerError {
            status_code,
            message,
        } => by_status(status_code, message, operation),
        other => EngineError::Other(format!("{operation}: {}", chain(&other))),
    }
}

fn by_status(status: u16, message: String, operation: &'static str) -> EngineError {
    let text = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if says(&["no space left on device", "disk quota exceeded"]) {
        return EngineError::OutOfRoom(format!("the engine's disk is full ({message})"));
    }
    if says(&["cannot allocate memory"]) {
        return EngineError::OutOfRoom(format!("the engine's host has no memory left ({message})"));
    }
    if says(&[
        "address already in use",
        "pool overlaps",
        "subnet is already used",
    ]) {
        return EngineError::Conflict(message);
    }
    match status {
        404 if says(&["no such image"]) => {
            let name = message.rsplit("mage: ").next().unwrap_or(&message);
            EngineError::ImageMissing(name.trim().to_owned())
        }
        404 => EngineError::NotRunning(message),
        409 if says(&["is paused", "is not running"]) => EngineError::NotRunning(message),
        409 => EngineError::Conflict(message),
        _ => EngineError::Other(format!("{operation}: {message}")),
    }
}

/// An error with its causes: the outermost alone often says nothing.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// `Ok` for what is gone already.
pub(super) fn gone_is_fine(result: Result<(), EngineError>) -> Result<(), EngineError> {
    match result {
        Err(EngineError::NotRunning(_)) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_engine_become_kinds() {
        let kind = |status, message: &str| by_status(status, message.to_owned(), "create");
        assert_eq!(
            kind(404, "No such image: slipway/go:abc"),
            EngineError::ImageMissing("slipway/go:abc".into())
        );
        assert!(matches!(
            kind(500, "write /x: no space left on device"),
            EngineError::OutOfRoom(_)
        ));
        assert!(matches!(
            kind(403, "Pool overlaps with other one on this address space"),
            EngineError::Conflict(_)
        ));
        assert!(matches!(
            kind(404, "No such container: x"),
            EngineError::NotRunning(_)
        ));
        assert!(matches!(
            kind(409, "removal of container x is already in progress"),
            EngineError::Conflict(_)
        ));
        assert!(matches!(kind(500, "boom"), EngineError::Other(_)));
    }
}

//! WebSockets: once both sides agree, bytes go either way as they are.

use axum::http::{HeaderMap, HeaderValue, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional_with_sizes;

/// What waits in each direction, in bytes.
const BUFFER: usize = 16 * 1024;

/// Says that the connection becomes a WebSocket.
pub(super) fn mark(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Carries until one side ends.
pub(super) async fn carry(browser: OnUpgrade, machine: OnUpgrade) {
    let (browser, machine) = tokio::join!(browser, machine);
    let (Ok(browser), Ok(machine)) = (browser, machine) else {
        return;
    };
    let (mut browser, mut machine) = (TokioIo::new(browser), TokioIo::new(machine));
    // How it ended is between the two.
    let _ = copy_bidirectional_with_sizes(&mut browser, &mut machine, BUFFER, BUFFER).await;
}

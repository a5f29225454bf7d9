//! Listening, and ending in good order.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use super::router;
use crate::services::App;

/// How long requests under way may take after the signal to end. Streams end by themselves.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `stop` completes, then lets requests under way finish.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let stopped = app.stop.clone();
    let ending = app.stop.clone();
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let stop = async move {
        stop.await;
        // Streams watch this token.
        ending.cancel();
    };
    let serving = axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .into_future();
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => return served,
        () = stopped.cancelled() => {}
    }
    if tokio::time::timeout(DRAIN, serving).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    Ok(())
}

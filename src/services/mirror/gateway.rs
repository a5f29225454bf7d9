//! Where a sandbox reaches the mirror: its grader machine's agent listens on a port, and hands each
//! connection to the server, which speaks HTTP over it. Nothing of the server's has an address in
//! the sandbox's network.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use slipway_agent::client::DialStream;
use tokio::{io::AsyncWriteExt as _, sync::Semaphore, time::timeout};

use super::{names::Namespace, proxy};
use crate::{
    domain::{ids::SandboxId, sandbox::SandboxState},
    services::{App, sandboxes::grader_name},
    store::sandboxes::Sandbox,
};

/// The port that sandboxes know.
pub(super) const PORT: u16 = 5000;
/// Connections of one sandbox at once; more wait. An engine opens up to seven for one push.
const CONNECTIONS: usize = 10;
/// How long one connection may live: longer than any honest push, shorter than an evening.
const CONNECTION_LIFE: Duration = Duration::from_mins(15);
/// How long a connection may stay silent before its next request.
const HEAD: Duration = Duration::from_mins(1);
/// How long the other side may take to see that the connection ends.
const FAREWELL: Duration = Duration::from_secs(10);
/// Largest head of a request.
const MAX_HEAD: usize = 32 << 10;
/// Between two tries when the machine does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// The gateways that are open: one for each generation of a sandbox.
#[derive(Debug, Default)]
pub(super) struct Gateways(Mutex<BTreeSet<(SandboxId, u32)>>);

impl Gateways {
    fn open(&self) -> std::sync::MutexGuard<'_, BTreeSet<(SandboxId, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Opens the way from a sandbox to the mirror. Nothing happens when it is open.
    pub(in crate::services) fn open_gateway(&self, sandbox: &Sandbox) {
        let key = (sandbox.id, sandbox.generation);
        if !self.mirror.gateways.open().insert(key) {
            return;
        }
        let (app, sandbox) = (self.clone(), sandbox.clone());
        self.tasks.spawn(async move {
            let stop = app.stop.clone();
            stop.run_until_cancelled(app.serve_gateway(&sandbox)).await;
            app.mirror.gateways.open().remove(&key);
        });
    }

    /// Takes connections until the sandbox, or this generation of it, is over.
    async fn serve_gateway(&self, sandbox: &Sandbox) {
        let own = Namespace::of(sandbox.user_id);
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        let grader = grader_name();
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            let accepted = async {
                let agent = self
                    .agents
                    .get(sandbox.id, sandbox.generation, &grader)
                    .await
                    .map_err(|e| e.to_string())?;
                agent.accept(PORT).await.map_err(|e| e.to_string())
            };
            match accepted.await {
                Ok(Some(stream)) => {
                    let (app, own) = (self.clone(), own.clone());
                    let stop = self.stop.clone();
                    self.tasks.spawn(async move {
                        stop.run_until_cancelled(serve(&app, &own, stream)).await;
                        drop(permit);
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(sandbox.id = %sandbox.id, error, "no connection to hand over");
                    tokio::time::sleep(RETRY).await;
                }
            }
            if !self.wants_gateway(sandbox).await {
                return;
            }
        }
    }

    async fn wants_gateway(&self, sandbox: &Sandbox) -> bool {
        match self.store.sandbox(sandbox.id).await {
            Ok(Some(now)) => {
                now.generation == sandbox.generation
                    && matches!(
                        now.state,
                        SandboxState::Preparing | SandboxState::Ready | SandboxState::Paused
                    )
            }
            Ok(None) => false,
            // The database will answer again.
            Err(_) => true,
        }
    }
}

/// Speaks HTTP with whoever connected.
async fn serve(app: &App, own: &Namespace, stream: DialStream) {
    let service =
        service_fn(|request| async { Ok::<_, Infallible>(proxy::answer(app, own, request).await) });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .without_shutdown();
    // A connection that breaks is the other side's affair.
    let Ok(Ok(parts)) = timeout(CONNECTION_LIFE, connection).await else {
        return;
    };
    // Dropped now, the stream would take the end of the answer with it: first the other side must
    // have seen that nothing more comes.
    let mut stream = parts.io.into_inner();
    let farewell = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = timeout(FAREWELL, farewell).await;
}

//! Connections that others in the sandbox make to this machine, handed to the server.

use super::failure::Failure;
use super::{Agent, dial};
use crate::body::Body;
use crate::protocol::{ACCEPT_WAIT, AcceptRequest, ErrorCode, Validate};
use hyper::body::Incoming;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{sleep, timeout};

/// Ports that are listened on at once.
const MAX_LISTENERS: usize = 4;
/// Connections that wait in the kernel until the server asks for them.
const BACKLOG: u32 = 64;
/// How often an idle listener is looked at. It closes at the second look that finds nobody who
/// asks, so that connections wait out a restart of the server and are then refused, not left
/// hanging.
const LOOK: Duration = Duration::from_secs(5);

/// What is listened on. Each listener is held by those who wait on it and by a task that closes it
/// when nobody has for a while.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<HashMap<u16, Weak<TcpListener>>>);

impl Listeners {
    fn get(&self, agent: &Arc<Agent>, port: u16) -> Result<Arc<TcpListener>, Failure> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, listener| listener.strong_count() > 0);
        if let Some(listener) = open.get(&port).and_then(Weak::upgrade) {
            return Ok(listener);
        }
        if open.len() >= MAX_LISTENERS {
            return Err(Failure::new(ErrorCode::Busy, "too many listeners"));
        }
        let socket = TcpSocket::new_v4()?;
        // The port may still be held by connections of a listener that has closed.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
        let listener = Arc::new(socket.listen(BACKLOG)?);
        open.insert(port, Arc::downgrade(&listener));
        agent.spawn(linger(Arc::clone(&listener)));
        Ok(listener)
    }
}

/// Holds the listener until two looks in a row find nobody else who does.
async fn linger(listener: Arc<TcpListener>) {
    let mut idle_before = false;
    loop {
        sleep(LOOK).await;
        let is_idle = Arc::strong_count(&listener) == 1;
        if is_idle && idle_before {
            return;
        }
        idle_before = is_idle;
    }
}

pub(super) async fn accept(
    agent: &Arc<Agent>,
    request: &AcceptRequest,
    incoming: Incoming,
) -> Result<Body, Failure> {
    request.validate()?;
    let listener = agent.listeners.get(agent, request.port)?;
    let nobody = || Failure::new(ErrorCode::NotFound, "nobody connected");
    let (stream, _) = timeout(ACCEPT_WAIT, listener.accept())
        .await
        .map_err(|_| nobody())??;
    // Small messages should not wait for more.
    let _ = stream.set_nodelay(true);
    Ok(dial::carry(agent, stream, incoming))
}

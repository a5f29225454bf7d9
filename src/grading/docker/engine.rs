//! The engine's API over its socket in the machine.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header::HOST};
use serde::de::DeserializeOwned;
use slipway_agent::protocol::AbsPath;
use tokio::time::Instant;

use crate::domain::ids::Slug;

use super::super::{
    evidence::Evidence,
    http_client::exchange,
    look::{Finding, Stop},
    machines::Machines,
    messages,
    reach::{self, Dialled},
};

/// The socket of the rootless engine.
const SOCKET: &str = "/run/user/1000/docker.sock";
/// Most bytes of one answer.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Most objects named as evidence.
const MAX_NAMED: usize = 16;

/// A nested engine to be asked.
pub(super) struct Engine<'a, M> {
    pub(super) machines: &'a M,
    pub(super) machine: &'a Slug,
    pub(super) until: Instant,
    pub(super) evidence: &'a mut Evidence,
}

impl<M: Machines> Engine<'_, M> {
    pub(super) fn note(&mut self, objects: impl ExactSizeIterator<Item = String>) {
        self.evidence
            .line("engine", format_args!("{} objects", objects.len()));
        for object in objects.take(MAX_NAMED) {
            self.evidence.line("  object", object);
        }
    }

    /// One request over a connection of its own.
    pub(super) async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Stop> {
        match self.try_get(path).await? {
            Ok(answer) => Ok(answer),
            Err(reason) => {
                self.evidence.line("engine", reason);
                let silent = messages::engine_silent(self.machine.as_str());
                Err(Stop::Found(Finding::Ungradable(silent)))
            }
        }
    }

    /// The inner error is the engine's, the outer one the machine's or ours.
    async fn try_get<T: DeserializeOwned>(&self, path: &str) -> Result<Result<T, String>, Stop> {
        let left = || self.until.saturating_duration_since(Instant::now());
        let socket = AbsPath::new(SOCKET).map_err(|e| Stop::Lab(e.to_string()))?;
        let dialled = reach::dial_socket(self.machines, self.machine, &socket, left()).await?;
        let (stream, _agent) = match dialled {
            Dialled::Connected(stream, agent) => (stream, agent),
            Dialled::Refused => return Ok(Err("refuses connections".to_owned())),
            Dialled::OutOfReach(reason) => return Ok(Err(reason)),
        };
        let request = Request::get(path)
            .header(HOST, "engine")
            .body(Full::<Bytes>::default())
            .map_err(|e| Stop::Lab(e.to_string()))?;
        let answer = match exchange(stream, request, left(), MAX_ANSWER).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if answer.status.as_u16() != 200 {
            return Ok(Err(format!("status {} for {path}", answer.status)));
        }
        if answer.truncated {
            return Ok(Err(format!("more than {MAX_ANSWER} bytes for {path}")));
        }
        Ok(serde_json::from_slice(&answer.body).map_err(|e| e.to_string()))
    }
}

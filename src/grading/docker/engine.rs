//! The engine's API over its socket in the machine.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header::HOST};
use serde::de::DeserializeOwned;
use slipway_agent::{
    client::{AgentClient, DialStream},
    protocol::AbsPath,
};
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
use super::genuine::{self, Own};

/// The socket of the rootless engine.
const SOCKET: &str = "/run/user/1000/docker.sock";
/// Most bytes of one answer.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Most objects named as evidence.
const MAX_NAMED: usize = 16;

/// Why an engine gives no answer.
#[derive(Debug)]
pub(super) struct Silence(pub(super) String);

/// A nested engine to be asked.
pub(super) struct Engine<'a, M> {
    pub(super) machines: &'a M,
    pub(super) machine: &'a Slug,
    pub(super) until: Instant,
    pub(super) evidence: &'a mut Evidence,
    /// Images can't have come from elsewhere.
    offline: bool,
    /// The process that was seen to be the machine's own engine.
    own: Option<Own>,
}

impl<'a, M: Machines> Engine<'a, M> {
    pub(super) fn new(
        machines: &'a M,
        machine: &'a Slug,
        until: Instant,
        offline: bool,
        evidence: &'a mut Evidence,
    ) -> Self {
        Self {
            machines,
            machine,
            until,
            evidence,
            offline,
            own: None,
        }
    }

    /// The engine that has answered, once it has.
    pub(super) fn own(&self) -> Option<&Own> {
        self.own.as_ref()
    }

    /// The ids of the images that alone may have a name; `None` when any may.
    pub(super) fn stock(&self, name: &str) -> Option<Vec<String>> {
        let own = self.own().filter(|_| self.offline)?;
        let ids = own.stock(name);
        (!ids.is_empty()).then_some(ids)
    }

    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

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
            Err(Silence(reason)) => {
                self.evidence.line("engine", reason);
                let silent = messages::engine_silent(self.machine.as_str());
                Err(Stop::Found(Finding::Ungradable(silent)))
            }
        }
    }

    /// The inner error is the engine's, the outer one the machine's or ours.
    async fn try_get<T: DeserializeOwned>(
        &mut self,
        path: &str,
    ) -> Result<Result<T, Silence>, Stop> {
        let silent = |reason: String| Ok(Err(Silence(reason)));
        let (stream, _agent) = match self.connect().await? {
            Ok(connected) => connected,
            Err(silence) => return Ok(Err(silence)),
        };
        let request = Request::get(path)
            .header(HOST, "engine")
            .body(Full::<Bytes>::default())
            .map_err(|e| Stop::Lab(e.to_string()))?;
        let answer = match exchange(stream, request, self.left(), MAX_ANSWER).await {
            Ok(answer) => answer,
            Err(error) => return silent(error.to_string()),
        };
        if answer.status.as_u16() != 200 {
            return silent(format!("status {} for {path}", answer.status));
        }
        if answer.truncated {
            return silent(format!("more than {MAX_ANSWER} bytes for {path}"));
        }
        Ok(serde_json::from_slice(&answer.body).map_err(|e| Silence(e.to_string())))
    }

    /// A connection to the machine's own engine: whoever else answers is found out.
    pub(super) async fn connect(
        &mut self,
    ) -> Result<Result<(DialStream, AgentClient), Silence>, Stop> {
        let silent = |reason: String| Ok(Err(Silence(reason)));
        let socket = AbsPath::new(SOCKET).map_err(|e| Stop::Lab(e.to_string()))?;
        let dialled =
            reach::dial_one_writer(self.machines, self.machine, &socket, self.left()).await?;
        let (stream, agent) = match dialled {
            Dialled::Connected(stream, agent) => (stream, agent),
            Dialled::Refused => return silent("refuses connections".to_owned()),
            Dialled::OutOfReach(reason) => return silent(reason),
        };
        let Some(peer) = stream.peer() else {
            return silent("its agent does not tell who answers".to_owned());
        };
        if self.own.as_ref().is_none_or(|own| own.pid != peer) {
            let left = self.left();
            let own = genuine::prove(self.machines, self.machine, peer, None, left, self.evidence)
                .await?;
            self.own = Some(own);
        }
        Ok(Ok((stream, agent)))
    }
}

//! How watchers reach the APIs in a sandbox.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request,
    header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue},
};
use slipway_agent::{
    client::{AgentClient, AgentError},
    protocol::{AbsPath, DialTarget, NameError},
};
use tokio::time::timeout;

use crate::{
    boards::Unreadable,
    domain::ids::Slug,
    services::{App, agents::ConnectError, sandboxes::grader_name},
    store::sandboxes::Sandbox,
    wire::{
        connection::{Connection, ConnectionError, Following},
        http::ExchangeError,
    },
};

/// How long a connection may take to come about.
const DIAL: Duration = Duration::from_secs(3);
/// Most bytes of an answer.
const MAX_ANSWER: usize = 2 * 1024 * 1024;

/// Why a board can't be kept up to date.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Machine(#[from] ConnectError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error("no connection in time")]
    NoConnection,
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("status {0}")]
    Status(u16),
    #[error("the answer is too large")]
    TooLarge,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the stream of events ended")]
    Ended,
    #[error("the question can't be asked: {0}")]
    Question(String),
}

impl From<NameError> for Trouble {
    fn from(error: NameError) -> Self {
        Self::Question(error.to_string())
    }
}

impl From<hyper::http::Error> for Trouble {
    fn from(error: hyper::http::Error) -> Self {
        Self::Question(error.to_string())
    }
}

/// The machines of one generation of one sandbox.
pub(super) struct Reach<'a> {
    app: &'a App,
    sandbox: &'a Sandbox,
}

/// An API in the sandbox.
#[derive(Debug, Clone)]
pub(super) struct Api {
    /// Whose agent dials.
    from: Slug,
    target: DialTarget,
    /// The header `Host`.
    host: String,
    login: Option<HeaderValue>,
}

impl Api {
    /// An API at a Unix socket in a machine, opened with the learner's rights.
    pub(super) fn socket(machine: &Slug, path: &str) -> Result<Self, Trouble> {
        Ok(Self {
            from: machine.clone(),
            target: DialTarget::unix(AbsPath::new(path)?),
            host: "localhost".to_owned(),
            login: None,
        })
    }

    /// An API at a port of a machine, dialled from the grader machine.
    pub(super) fn port(machine: &Slug, port: u16) -> Self {
        Self {
            from: grader_name(),
            target: DialTarget::Tcp {
                host: machine.to_string(),
                port,
            },
            host: format!("{machine}:{port}"),
            login: None,
        }
    }

    /// The same with a login.
    pub(super) fn with_login(mut self, mut login: HeaderValue) -> Self {
        login.set_sensitive(true);
        self.login = Some(login);
        self
    }
}

impl<'a> Reach<'a> {
    pub(super) const fn new(app: &'a App, sandbox: &'a Sandbox) -> Self {
        Self { app, sandbox }
    }

    /// The password of the user `grader`.
    pub(super) fn secret(&self) -> &str {
        &self.sandbox.secret
    }

    async fn connect(&self, api: &Api) -> Result<(Connection, AgentClient), Trouble> {
        let Sandbox { id, generation, .. } = self.sandbox;
        let agent = self.app.agents.get(*id, *generation, &api.from).await?;
        let stream = timeout(DIAL, agent.dial(&api.target))
            .await
            .map_err(|_| Trouble::NoConnection)??;
        Ok((Connection::open(stream).await?, agent))
    }

    /// Asks an API over a connection that is kept.
    pub(super) const fn asker(&'a self, api: Api) -> Asker<'a> {
        Asker {
            reach: self,
            api,
            kept: None,
        }
    }

    /// Begins an answer that goes on.
    pub(super) async fn stream(&self, api: &Api, path: &str) -> Result<Stream, Trouble> {
        let (connection, agent) = self.connect(api).await?;
        let request = request(api, Method::GET, path, "")?;
        let following = connection.follow(request, DIAL).await?;
        if following.status.as_u16() != 200 {
            return Err(Trouble::Status(following.status.as_u16()));
        }
        Ok(Stream {
            following,
            _agent: agent,
        })
    }
}

fn request(
    api: &Api,
    method: Method,
    path: &str,
    body: &'static str,
) -> Result<Request<Full<Bytes>>, Trouble> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, &api.host)
        .header(ACCEPT, "application/json");
    if let Some(login) = &api.login {
        request = request.header(AUTHORIZATION, login);
    }
    Ok(request.body(Full::new(Bytes::from_static(body.as_bytes())))?)
}

/// An answer that goes on.
pub(super) struct Stream {
    following: Following,
    /// The connection ends with its last handle.
    _agent: AgentClient,
}

impl Stream {
    /// The next bytes. Loses none when dropped while waiting.
    pub(super) async fn next(&mut self) -> Result<Bytes, Trouble> {
        self.following.next().await?.ok_or(Trouble::Ended)
    }
}

/// Asks one API, one question after the other.
pub(super) struct Asker<'a> {
    reach: &'a Reach<'a>,
    api: Api,
    kept: Option<(Connection, AgentClient)>,
}

impl Asker<'_> {
    /// The answer to a question, whose status must be 200.
    pub(super) async fn get(&mut self, path: &str, within: Duration) -> Result<Vec<u8>, Trouble> {
        self.ask(Method::GET, path, "", within).await
    }

    /// The answer to a question that comes with a body.
    pub(super) async fn post(
        &mut self,
        path: &str,
        body: &'static str,
        within: Duration,
    ) -> Result<Vec<u8>, Trouble> {
        self.ask(Method::POST, path, body, within).await
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: &'static str,
        within: Duration,
    ) -> Result<Vec<u8>, Trouble> {
        if self.kept.is_some() {
            match self.try_ask(method.clone(), path, body, within).await {
                // A server may close a connection that it kept for long enough.
                Err(Trouble::Connection(
                    ConnectionError::Closed | ConnectionError::Exchange(ExchangeError::Broken(_)),
                )) => {}
                other => return other,
            }
        }
        self.try_ask(method, path, body, within).await
    }

    async fn try_ask(
        &mut self,
        method: Method,
        path: &str,
        body: &'static str,
        within: Duration,
    ) -> Result<Vec<u8>, Trouble> {
        // Taken out, so that nothing is kept after a failure.
        let (mut connection, agent) = match self.kept.take() {
            Some(kept) => kept,
            None => self.reach.connect(&self.api).await?,
        };
        let request = request(&self.api, method, path, body)?;
        let answer = connection.ask(request, within, MAX_ANSWER).await?;
        if answer.truncated {
            return Err(Trouble::TooLarge);
        }
        self.kept = Some((connection, agent));
        match answer.status.as_u16() {
            200 => Ok(answer.body),
            status => Err(Trouble::Status(status)),
        }
    }
}

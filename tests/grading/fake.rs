//! Machines without containers: an agent that answers as a test tells it to, over a stream in
//! memory, spoken to by the real client.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail like the test itself"
)]
#![allow(
    dead_code,
    unused_imports,
    reason = "shared by tests that each use a part"
)]

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Serialize, de::DeserializeOwned};
use slipway::{
    domain::{check::Check, ids::Slug, lab::Lab},
    grading::{Context, LabFiles, Machines, Nonces, Pace, Secret, Unreachable},
};
use slipway_agent::{
    client::AgentClient,
    protocol::{
        ARGS_HEADER, DialTarget, ErrorBody, ErrorCode, ExecOutcome, ExecRequest, ExecStatus,
        FileMeta, FileVersion, META_HEADER, PEER_HEADER, ReadAnyRequest,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// The process that is said to answer at a socket.
const PEER: u32 = 7;

type Body = BoxBody<Bytes, Infallible>;
type ExecHandler = dyn Fn(&ExecRequest) -> Result<ExecOutcome, ErrorBody> + Send + Sync;
type FileHandler = dyn Fn(&ReadAnyRequest) -> Result<Vec<u8>, ErrorBody> + Send + Sync;

/// What a fake agent does when asked.
#[derive(Clone)]
pub(crate) struct Fake {
    /// `host:port` or the path of a socket → where it really leads; anything else refuses.
    pub(crate) dials: HashMap<String, SocketAddr>,
    pub(crate) exec: Arc<ExecHandler>,
    pub(crate) file: Arc<FileHandler>,
    /// Takes requests and never answers.
    pub(crate) silent: bool,
    /// Ends the connection at the first request.
    pub(crate) breaks: bool,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            dials: HashMap::new(),
            exec: Arc::new(|_| Ok(exited(0, ""))),
            file: Arc::new(|_| Err(no(ErrorCode::NotFound))),
            silent: false,
            breaks: false,
        }
    }
}

/// A refusal of the agent's.
pub(crate) fn no(code: ErrorCode) -> ErrorBody {
    ErrorBody {
        code,
        message: format!("{code:?}"),
    }
}

pub(crate) fn ended(status: ExecStatus, stdout: &str) -> ExecOutcome {
    ExecOutcome {
        status,
        stdout: stdout.as_bytes().to_vec(),
        stderr: Vec::new(),
        stdout_truncated: false,
        stderr_truncated: false,
        duration_ms: 1,
    }
}

pub(crate) fn exited(code: i32, stdout: &str) -> ExecOutcome {
    ended(ExecStatus::Exited { code }, stdout)
}

/// A sandbox of two machines, `desk` and `broker`, and a grader machine.
pub(crate) struct Sandbox {
    pub(crate) desk: Result<Fake, Unreachable>,
    /// What becomes of `desk` from the second time on that its agent is asked for.
    pub(crate) desk_later: Option<Result<Fake, Unreachable>>,
    pub(crate) grader: Result<Fake, Unreachable>,
    pub(crate) secret: Secret,
    pub(crate) connections: AtomicUsize,
    tasks: Mutex<JoinSet<()>>,
}

impl Sandbox {
    pub(crate) fn new(desk: Fake, grader: Fake) -> Self {
        Self {
            desk: Ok(desk),
            desk_later: None,
            grader: Ok(grader),
            secret: Secret::new("s3cret-of-the-sandbox"),
            connections: AtomicUsize::new(0),
            tasks: Mutex::default(),
        }
    }

    pub(crate) fn desk(fake: Fake) -> Self {
        Self::new(fake, Fake::default())
    }

    /// Where `host:port` leads for the grader.
    pub(crate) fn route(mut self, to: &str, address: SocketAddr) -> Self {
        if let Ok(grader) = &mut self.grader {
            grader.dials.insert(to.to_owned(), address);
        }
        self
    }

    async fn connect(&self, fake: &Result<Fake, Unreachable>) -> Result<AgentClient, Unreachable> {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let fake = fake.clone()?;
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (client, driver) = AgentClient::handshake(ours).await.unwrap();
        let mut tasks = self.tasks.lock().unwrap();
        tasks.spawn(driver);
        tasks.spawn_agent(theirs, fake);
        Ok(client)
    }
}

trait SpawnAgent {
    fn spawn_agent(&mut self, stream: tokio::io::DuplexStream, fake: Fake);
}

impl SpawnAgent for JoinSet<()> {
    fn spawn_agent(&mut self, stream: tokio::io::DuplexStream, fake: Fake) {
        let myself: Arc<Mutex<Option<AbortHandle>>> = Arc::default();
        let handle = Arc::clone(&myself);
        let breaks = fake.breaks;
        let task = self.spawn(async move {
            let fake = Arc::new(fake);
            let service = service_fn(move |request| {
                let fake = Arc::clone(&fake);
                let handle = Arc::clone(&handle);
                async move {
                    if fake.breaks {
                        if let Some(handle) = handle.lock().unwrap().take() {
                            handle.abort();
                        }
                        std::future::pending::<()>().await;
                    }
                    Ok::<_, Infallible>(answer(&fake, request).await)
                }
            });
            let _ = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        if breaks {
            *myself.lock().unwrap() = Some(task);
        }
    }
}

impl Machines for Sandbox {
    async fn agent(&self, _machine: &Slug) -> Result<AgentClient, Unreachable> {
        let later = self.connections.load(Ordering::SeqCst) > 0;
        let desk = self.desk_later.as_ref().filter(|_| later);
        self.connect(desk.unwrap_or(&self.desk)).await
    }

    async fn grader(&self) -> Result<AgentClient, Unreachable> {
        self.connect(&self.grader).await
    }

    fn address(&self, machine: &Slug) -> String {
        machine.to_string()
    }

    fn secret(&self) -> &Secret {
        &self.secret
    }
}

async fn answer(fake: &Fake, request: Request<Incoming>) -> Response<Body> {
    if fake.silent {
        std::future::pending::<()>().await;
    }
    match request.uri().path() {
        "/v1/exec" => match (fake.exec)(&json(request).await) {
            Ok(outcome) => ok(&outcome),
            Err(refusal) => refuse(&refusal),
        },
        "/v1/files/read-any" => {
            let request: ReadAnyRequest = json(request).await;
            match (fake.file)(&request) {
                Ok(bytes) => content(&bytes, request.max_bytes),
                Err(refusal) => refuse(&refusal),
            }
        }
        "/v1/dial" => dial(fake, request).await,
        other => panic!("{other}"),
    }
}

async fn json<T: DeserializeOwned>(request: Request<Incoming>) -> T {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

fn ok(value: &impl Serialize) -> Response<Body> {
    Response::new(full(serde_json::to_vec(value).unwrap()))
}

fn refuse(refusal: &ErrorBody) -> Response<Body> {
    let mut response = ok(refusal);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn content(bytes: &[u8], most: usize) -> Response<Body> {
    let meta = FileMeta {
        version: FileVersion::from_text("v1"),
        truncated: bytes.len() > most,
        size: bytes.len() as u64,
    };
    let kept = bytes[..bytes.len().min(most)].to_vec();
    Response::builder()
        .header(
            META_HEADER,
            BASE64.encode(serde_json::to_vec(&meta).unwrap()),
        )
        .body(full(kept))
        .unwrap()
}

async fn dial(fake: &Fake, request: Request<Incoming>) -> Response<Body> {
    let args = BASE64.decode(&request.headers()[ARGS_HEADER]).unwrap();
    let key = match serde_json::from_slice(&args).unwrap() {
        DialTarget::Tcp { host, port } => format!("{host}:{port}"),
        DialTarget::Unix { path, .. } => path.as_str().to_owned(),
    };
    let stream = match fake.dials.get(&key) {
        Some(address) => TcpStream::connect(address).await,
        None => Err(std::io::Error::from_raw_os_error(111)),
    };
    let stream = match stream {
        Ok(stream) => stream,
        Err(error) => {
            return refuse(&ErrorBody {
                code: ErrorCode::Unreachable,
                message: error.to_string(),
            });
        }
    };
    let (mut from, mut to) = stream.into_split();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, Infallible>>(4);
    let mut incoming = request.into_body();
    // Ends with the connection: the receiver goes, or the incoming side does.
    tokio::spawn(async move {
        let inwards = async {
            while let Some(Ok(frame)) = incoming.frame().await {
                if let Ok(data) = frame.into_data()
                    && to.write_all(&data).await.is_err()
                {
                    break;
                }
            }
        };
        let outwards = async {
            let mut chunk = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut chunk).await {
                let frame = Frame::data(Bytes::copy_from_slice(&chunk[..count]));
                if sender.send(Ok(frame)).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! { () = outwards => {}, () = inwards => {} }
    });
    let body = StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(receiver)).boxed();
    let mut answer = Response::new(body);
    answer.headers_mut().insert(PEER_HEADER, PEER.into());
    answer
}

/// A TCP server whose n-th connection is handled by `serve(n, stream)` once the request's head
/// (and, with a length given, its body) has been read. Ends when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: AbortHandle,
    pub(crate) heads: Arc<Mutex<Vec<String>>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(usize, String, TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            for n in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = head(&mut stream).await;
                seen.lock().unwrap().push(head.clone());
                connections.spawn(serve(n, head, stream));
            }
        })
        .abort_handle();
        Self {
            address,
            task,
            heads,
        }
    }

    /// Answers each request with what `answer(n, head)` gives, and closes.
    pub(crate) async fn answering(
        answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let answer = Arc::new(answer);
        Self::start(move |n, head, mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                let _ = stream.write_all(&answer(n, &head)).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let length = text
        .lines()
        .find_map(|l| l.strip_prefix("content-length: "))
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).await.is_err() {
        body.clear();
    }
    text + &String::from_utf8_lossy(&body)
}

/// A whole HTTP answer.
pub(crate) fn response(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A check whose kind is written as in a lab file.
pub(crate) fn check(id: &str, rest: &str) -> Check {
    let yaml = format!(
        "id: {id}\npoints: 10\ntitle: {{zh: 标题, en: Title}}\nfail: {{zh: 还没做。, en: Not yet.}}\n{rest}\n"
    );
    serde_saphyr::from_str(&yaml).unwrap_or_else(|e| panic!("{yaml}\n{e}"))
}

/// A lab with the machines `desk` and `broker`, a cluster of two nodes, and no steps.
pub(crate) fn lab() -> Lab {
    serde_saphyr::from_str(
        "id: test\ntitle: {zh: 测, en: T}\nsummary: {zh: 测, en: T}\nlevel: beginner\n\
         duration: 25m\nsteps: []\nmachines:\n  - {name: desk, image: desk, profile: plain}\n  \
         - {name: broker, image: rabbitmq, profile: plain}\n\
         kubernetes: {at_least: '1.20', nodes: 2}\n",
    )
    .unwrap()
}

/// Everything around a sandbox that a check needs.
pub(crate) struct Bench {
    pub(crate) lab: Lab,
    pub(crate) files: LabFiles,
    pub(crate) nonces: Nonces,
    pub(crate) pace: Pace,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            lab: lab(),
            files: LabFiles::new(),
            nonces: Nonces::seeded(7),
            pace: Pace {
                second_look_after: std::time::Duration::from_millis(20),
                retry_after: std::time::Duration::from_millis(10),
                ..Pace::default()
            },
        }
    }
}

impl Bench {
    pub(crate) fn context<'a, M>(&'a self, machines: &'a M) -> Context<'a, M> {
        Context {
            machines,
            lab: &self.lab,
            files: &self.files,
            nonces: &self.nonces,
            pace: self.pace,
        }
    }
}

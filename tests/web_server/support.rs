//! A server in a temporary folder, and a browser that keeps cookies.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use slipway::{
    config::Config,
    domain::{
        clock::Clock,
        ids::{SandboxId, Slug},
        sandbox::SandboxState,
        user::Role,
    },
    sandbox::{
        AgentStream, Engine, EngineError, EngineInfo, MachineStats, Observed, SandboxSpec,
        images::ImageState,
    },
    services::{App, Parts, images::Images},
    store::{Store, attempts::Attempt},
    web,
};
use slipway_agent::{
    daemon::{Agent, ReapScope, Setup},
    protocol::{AgentConfig, Learner, Limits, SecretEnv},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// How long a test waits for something that must happen.
pub(crate) const LONG: Duration = Duration::from_secs(30);
pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const LAB: &str = "/courses/demo/labs/first-lab";

/// A machine: the real agent, in this process.
pub(crate) struct Machine {
    pub(crate) agent: Arc<Agent>,
    pub(crate) home: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Machine {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let agent = Agent::start(Setup {
            config: AgentConfig {
                machine: "desk".into(),
                learner: Learner {
                    name: "learner".into(),
                    uid: owner(folder.path()).0,
                    gid: owner(folder.path()).1,
                    home: home.to_str().unwrap().into(),
                    shell: "/bin/sh".into(),
                },
                drop_privileges: false,
                env: BTreeMap::from([("PS1".into(), "$ ".into())]),
                service_env: SecretEnv::default(),
                scrollback_bytes: 1024 * 1024,
                limits: Limits::default(),
            },
            run_dir: folder.path().join("run"),
            start_script: folder.path().join("start"),
            scope: ReapScope::Own,
        })
        .unwrap();
        Self {
            agent,
            home,
            _folder: folder,
        }
    }
}

/// Whoever runs the tests.
fn owner(folder: &Path) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(folder).unwrap();
    (meta.uid(), meta.gid())
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.agent.shut_down();
    }
}

/// An engine whose machines are agents in this process.
#[derive(Default)]
pub(crate) struct FakeEngine {
    machines: Mutex<HashMap<SandboxId, Machine>>,
}

impl FakeEngine {
    pub(crate) fn home(&self, id: SandboxId) -> std::path::PathBuf {
        self.machines.lock().unwrap()[&id].home.clone()
    }

    /// Ends a machine's agent and its connections.
    pub(crate) fn kill(&self, id: SandboxId) {
        self.machines.lock().unwrap().remove(&id);
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        Err(EngineError::EngineUnreachable("<secret socket>".into()))
    }
    async fn observe(&self) -> Result<Vec<Observed>, EngineError> {
        Ok(Vec::new())
    }
    async fn create(&self, _: &SandboxSpec) -> Result<(), EngineError> {
        Ok(())
    }
    async fn remove(&self, _: SandboxId) -> Result<(), EngineError> {
        Ok(())
    }
    async fn pause(&self, _: SandboxId) -> Result<(), EngineError> {
        Ok(())
    }
    async fn unpause(&self, _: SandboxId) -> Result<(), EngineError> {
        Ok(())
    }
    async fn connect(&self, id: SandboxId, _: &Slug) -> Result<AgentStream, EngineError> {
        let mut machines = self.machines.lock().unwrap();
        let machine = machines.entry(id).or_insert_with(Machine::start);
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(machine.agent.clone().serve(far));
        let (reader, writer) = tokio::io::split(near);
        Ok(AgentStream::new(reader, writer))
    }
    async fn stats(&self, _: SandboxId) -> Result<Vec<MachineStats>, EngineError> {
        Ok(Vec::new())
    }
    async fn image_present(&self, _: &str) -> Result<bool, EngineError> {
        Ok(true)
    }
}

/// A server.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) engine: Arc<FakeEngine>,
    pub(crate) router: Router,
    _dir: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}

pub(crate) async fn server() -> Server {
    server_with(|_| {}).await
}

pub(crate) async fn server_with(change: impl FnOnce(&mut Config)) -> Server {
    let dir = tempfile::tempdir().unwrap();
    write_course(&dir.path().join("labs"));
    let static_dir = dir.path().join("static");
    std::fs::create_dir_all(static_dir.join("dist/chunks")).unwrap();
    std::fs::write(
        static_dir.join("app.css"),
        "body { color: red; }\n".repeat(40),
    )
    .unwrap();
    std::fs::write(static_dir.join("dist/chunks/a-ABCD1234.js"), "export {};").unwrap();
    std::fs::write(dir.path().join("secret"), "not for you").unwrap();
    let mut config = Config {
        data_dir: dir.path().to_owned(),
        labs_dir: dir.path().join("labs"),
        static_dir,
        ..Config::default()
    };
    change(&mut config);
    let desk: Slug = "desk".parse().unwrap();
    let ready = ImageState::Ready {
        tag: "desk:1".into(),
    };
    let parts = Parts {
        store: Store::open(&config.database()).await.unwrap(),
        config,
        clock: Clock::system(),
        images: Images::fixed(BTreeMap::from([(desk, ready)])),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let engine = Arc::new(FakeEngine::default());
    let app = App::new(parts, engine.clone());
    let published = app.publish_labs().await.unwrap();
    assert_eq!(published.labs, 1, "{:#?}", app.loaded().problems);
    Server {
        router: web::router(app.clone()),
        app,
        engine,
        _dir: dir,
    }
}

fn write_course(labs: &Path) {
    let write = |path: &str, text: &str| {
        let path = labs.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("images/desk/Dockerfile", "FROM debian:trixie-slim\n");
    write(
        "demo/course.yaml",
        "id: demo\ntitle: {zh: 示例课程, en: Demo course}\nsummary: {zh: 摘要, en: A summary}\n\
         teacher:\n  name: {zh: 老师, en: Teacher}\naudience: {zh: 所有人, en: Everybody}\n\
         learn:\n  - {zh: 一些东西, en: Something}\nintroduction: introduction\n\
         contact:\n  text: {zh: 请问老师, en: Ask the teacher}\nmodules:\n  - id: basics\n    \
         title: {zh: 基础, en: Basics}\n    summary: {zh: 开始, en: The start}\n    items:\n      \
         - lesson: hello\n      - lab: first-lab\n",
    );
    for (language, text) in [("zh", "介绍文字。"), ("en", "Introduction.")] {
        write(
            &format!("demo/introduction.{language}.md"),
            &format!("{text}\n"),
        );
        write(
            &format!("demo/basics/hello.{language}.md"),
            &format!("---\ntitle: Hello {language}\nminutes: 3\n---\n\n## Heading\n\n{text}\n"),
        );
        write(
            &format!("demo/basics/first-lab/steps/one.{language}.md"),
            &format!("## Step\n\n{text}\n"),
        );
    }
    write(
        "demo/basics/first-lab/lab.yaml",
        "id: first-lab\ntitle: {zh: 第一个实验, en: First lab}\nsummary: {zh: 摘要, en: Summary}\n\
         level: beginner\nduration: 30m\nmachines:\n  - {name: desk, image: desk, profile: plain, \
         memory: 256MiB, terminals: 2}\n  - {name: broker, image: desk, profile: plain, \
         memory: 128MiB, terminals: 0}\nports:\n  - {machine: broker, port: 1, title: {zh: 页面, \
         en: Pages}}\neditor: {machine: desk}\nsteps:\n  - id: one\n    \
         title: {zh: 第一步, en: Step one}\n    text: steps/one\n    hints:\n      \
         - {zh: 提示一, en: Hint one}\n    solution: solution/one.sh\n    checks:\n      \
         - id: file-there\n        points: 10\n        title: {zh: 文件存在, en: The file is there}\n        \
         file: {path: done}\n        fail: {zh: 还没有, en: Not yet}\n",
    );
    write("demo/basics/first-lab/solution/one.sh", "touch ~/done\n");
}

impl Server {
    /// Somebody without an account.
    pub(crate) fn visitor(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            headers: vec![("host", "test".into()), ("accept-language", "en".into())],
        }
    }

    /// Somebody with an account of this role.
    pub(crate) async fn person(&self, name: &str, role: Role) -> Browser {
        let mut browser = self.visitor();
        let answer = browser
            .form(
                "/register",
                &[
                    ("username", name),
                    ("password", PASSWORD),
                    ("repeat", PASSWORD),
                ],
            )
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        if role != Role::Student {
            let mut tx = self.app.store.begin().await.unwrap();
            let user = self
                .app
                .store
                .user_by_name(&name.parse().unwrap())
                .await
                .unwrap()
                .unwrap();
            tx.set_role(user.0.id, role).await.unwrap();
            tx.commit().await.unwrap();
        }
        browser
    }

    /// A student with the demo lab open; its machines are ready.
    pub(crate) async fn learner(&self, name: &str) -> (Browser, Attempt) {
        let mut browser = self.person(name, Role::Student).await;
        let answer = browser.form(&format!("{LAB}/start"), &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let id = answer
            .location()
            .strip_prefix("/attempts/")
            .unwrap()
            .parse()
            .unwrap();
        let attempt = self.app.store.attempt(id).await.unwrap().unwrap();
        self.make_ready(&attempt).await;
        (browser, attempt)
    }

    /// What the reconciler would do.
    pub(crate) async fn make_ready(&self, attempt: &Attempt) {
        use SandboxState::{Creating, Preparing, Requested};
        let sandbox = self
            .app
            .store
            .latest_sandbox(attempt.id)
            .await
            .unwrap()
            .unwrap();
        let (id, generation) = (sandbox.id, sandbox.generation);
        let now = self.app.clock.now();
        let mut tx = self.app.store.begin().await.unwrap();
        tx.advance_sandbox(id, generation, Requested, Creating)
            .await
            .unwrap();
        tx.advance_sandbox(id, generation, Creating, Preparing)
            .await
            .unwrap();
        let until = now.plus(Duration::from_mins(30));
        assert!(tx.sandbox_ready(id, generation, now, until).await.unwrap());
        tx.commit().await.unwrap();
        self.app
            .events
            .publish(attempt.id, slipway::services::events::Event::Sandbox);
    }

    pub(crate) async fn sandbox_of(&self, attempt: &Attempt) -> SandboxId {
        self.app
            .store
            .latest_sandbox(attempt.id)
            .await
            .unwrap()
            .unwrap()
            .id
    }

    /// The server on a real port.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = self.app.clone();
        let stop = app.stop.clone();
        tokio::spawn(async move { web::serve(app, listener, stop.cancelled_owned()).await });
        address
    }
}

/// Keeps cookies, as browsers do.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
    pub(crate) fn location(&self) -> String {
        self.header("location")
    }
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map(|v| v.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }
}

impl Browser {
    pub(crate) fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        pairs.join("; ")
    }

    pub(crate) async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Answer {
        let mut request = request.body(body).unwrap();
        for (name, value) in &self.headers {
            if !request.headers().contains_key(*name) {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookie_header().parse().unwrap();
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn csrf(&mut self) -> String {
        let page = self.get("/courses/demo").await.text();
        let (_, rest) = page
            .split_once("name=\"csrf\" value=\"")
            .expect("a form on the page");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form with the token of a page.
    pub(crate) async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.bare_form(path, &all).await
    }

    /// Sends a form as it is.
    pub(crate) async fn bare_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| -> String {
            text.bytes()
                .flat_map(|b| format!("%{b:02X}").into_bytes())
                .map(char::from)
                .collect()
        };
        let pairs: Vec<_> = fields
            .iter()
            .map(|(k, v)| format!("{}={}", encode(k), encode(v)))
            .collect();
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(pairs.join("&"))).await
    }

    /// Calls the API as the scripts do.
    pub(crate) async fn call(&mut self, method: Method, path: &str, body: Value) -> Answer {
        let csrf = self.csrf().await;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-csrf-token", csrf)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }
}

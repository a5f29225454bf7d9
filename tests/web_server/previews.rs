//! Previews: what listens in a machine, on an origin of its own.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Request, ws::WebSocketUpgrade},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use slipway::{
    domain::{sandbox::EndReason, user::Role},
    store::attempts::Attempt,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use tower::ServiceExt;

use crate::support::{Answer, Browser, LONG, Server, server, server_with};

/// What runs in the machine: says what it was asked, and can do what hostile pages do.
struct Service {
    port: u16,
    /// Lets the second half of `/halves` go.
    second_half: Arc<Notify>,
}

async fn echo(request: Request) -> Json<Value> {
    let (parts, body) = request.into_parts();
    let headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
        .collect();
    let body = body.collect().await.unwrap().to_bytes();
    Json(json!({
        "method": parts.method.as_str(),
        "uri": parts.uri.to_string(),
        "headers": headers,
        "length": body.len(),
        "body": String::from_utf8_lossy(&body[..body.len().min(64)]),
    }))
}

async fn service() -> Service {
    let second_half = Arc::new(Notify::new());
    let halves = Arc::clone(&second_half);
    let router = Router::new()
        .route(
            "/halves",
            get(move || {
                let first = futures_util::stream::once(async { Bytes::from_static(b"first ") });
                let halves = Arc::clone(&halves);
                let second = futures_util::stream::once(async move {
                    halves.notified().await;
                    Bytes::from_static(b"second")
                });
                let body = first.chain(second).map(Ok::<_, Infallible>);
                async { Body::from_stream(body) }
            }),
        )
        .route(
            "/endless",
            get(|| async {
                let more = futures_util::stream::repeat(Bytes::from_static(&[b'x'; 4096]));
                Body::from_stream(more.map(Ok::<_, Infallible>))
            }),
        )
        .route(
            "/hostile",
            get(|| async {
                let mut response = "hello".into_response();
                for (name, value) in [
                    ("set-cookie", "mine=1; Domain=localhost; Path=/"),
                    ("set-cookie", "slipway_login=stolen; Path=/"),
                    ("set-cookie", "slipway_preview=stolen; Path=/"),
                    ("clear-site-data", "\"*\""),
                    ("strict-transport-security", "max-age=9; includeSubDomains"),
                    ("x-frame-options", "DENY"),
                    ("connection", "x-hop"),
                    ("x-hop", "1"),
                ] {
                    let value = value.parse().unwrap();
                    response.headers_mut().append(name, value);
                }
                response
            }),
        )
        .route(
            "/socket",
            any(|upgrade: WebSocketUpgrade| async {
                upgrade.on_upgrade(|mut socket| async move {
                    while let Some(Ok(message)) = socket.recv().await {
                        if socket.send(message).await.is_err() {
                            return;
                        }
                    }
                })
            }),
        )
        .fallback(echo)
        .layer(axum::extract::DefaultBodyLimit::disable());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Service { port, second_half }
}

/// A server, a learner with a ready sandbox, and what listens in their machine.
struct Stage {
    server: Server,
    ada: Browser,
    attempt: Attempt,
    service: Service,
}

async fn stage() -> Stage {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    // As the browser of somebody at this machine: previews are below localhost.
    ada.headers[0].1 = "localhost:8080".into();
    let service = service().await;
    Stage {
        server,
        ada,
        attempt,
        service,
    }
}

async fn ask(browser: &mut Browser, attempt: &Attempt, machine: &str, port: u16) -> Answer {
    let path = format!("/api/attempts/{}/previews", attempt.id);
    let body = json!({"machine": machine, "port": port, "path": "/a?b=c"});
    browser.call(Method::POST, &path, body).await
}

/// The host and the path of an address.
fn split(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let at = rest.find('/').unwrap();
    (rest[..at].to_owned(), rest[at..].to_owned())
}

impl Stage {
    /// A link to the service in `desk`: host and path.
    async fn link(&mut self) -> (String, String) {
        let answer = ask(&mut self.ada, &self.attempt, "desk", self.service.port).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        split(answer.json()["url"].as_str().unwrap())
    }

    /// A browser at this host, with no cookies yet.
    fn at(&self, host: &str) -> Browser {
        let mut browser = self.server.visitor();
        browser.headers[0].1 = host.to_owned();
        browser
    }

    /// A browser that has the service's preview open.
    async fn opened(&mut self) -> Browser {
        let (host, path) = self.link().await;
        let mut browser = self.at(&host);
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        browser
    }

    async fn end_sandbox(&self) {
        let id = self.server.sandbox_of(&self.attempt).await;
        let mut tx = self.server.app.store.begin().await.unwrap();
        let now = self.server.app.clock.now();
        tx.end_sandbox(id, EndReason::Finished, None, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

fn host_of(browser: &Browser) -> String {
    browser.headers[0].1.clone()
}

#[tokio::test]
async fn a_link_becomes_a_cookie_and_the_machine_sees_neither() {
    let mut stage = stage().await;
    let (host, path) = stage.link().await;
    let sandbox = stage.server.sandbox_of(&stage.attempt).await;
    let port = stage.service.port;
    assert_eq!(host, format!("{port}--{sandbox}.localhost:8080"));
    let mut browser = stage.at(&host);
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/a?b=c");
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(!cookie.contains("Domain"), "{cookie}");
    browser.cookies.insert("theirs".into(), "1".into());
    browser.cookies.insert("slipway_login".into(), "odd".into());
    let request = Request::post("/a?b=c")
        .header("x-forwarded-for", "1.2.3.4")
        .header("authorization", "Basic theirs");
    let answer = browser.send(request, Body::from("hello")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let seen = answer.json();
    assert_eq!(
        (&seen["method"], &seen["uri"]),
        (&json!("POST"), &json!("/a?b=c"))
    );
    assert_eq!(seen["body"], "hello");
    let headers = seen["headers"].to_string();
    for part in [
        "cookie: theirs=1\"",
        "authorization: Basic theirs",
        "x-forwarded-proto: http\"",
        &format!("host: {host}"),
    ] {
        assert!(headers.contains(part), "{part}: {headers}");
    }
    for part in ["slipway", "1.2.3.4", "expect"] {
        assert!(!headers.contains(part), "{part}: {headers}");
    }
}

#[tokio::test]
async fn a_link_works_once_at_its_own_place_and_for_nobody_who_was_led_astray() {
    let mut stage = stage().await;
    let (host, path) = stage.link().await;
    let sandbox = stage.server.sandbox_of(&stage.attempt).await;
    let elsewhere = format!("{}--{sandbox}.localhost:8080", stage.service.port - 1);
    for other in [elsewhere.as_str(), "8080--x.localhost:8080"] {
        let answer = stage.at(other).get(&path).await;
        assert!(
            answer.status.is_client_error(),
            "{other}: {}",
            answer.status
        );
        assert_eq!(answer.header("set-cookie"), "");
    }
    // A browser tells which page a link was followed from; a page of others is none of ours.
    for referer in ["", "http://evil.example/", "http://localhost:9999/"] {
        let request = Request::get(&path)
            .header("sec-fetch-site", "cross-site")
            .header("referer", referer);
        let answer = stage.at(&host).send(request, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{referer}");
    }
    let mut first = stage.at(&host);
    let request = Request::get(&path)
        .header("sec-fetch-site", "cross-site")
        .header("referer", "http://localhost:8080/");
    let answer = first.send(request, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let answer = stage.at(&host).get(&path).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "twice");
    assert!(answer.text().contains("Open it from the lab page"));
    // Loading the link again in the browser that has used it is no mistake.
    assert_eq!(first.get(&path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_link_leads_nowhere_else() {
    let mut stage = stage().await;
    for (wanted, to) in [
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
        ("/ok?x=1#y", "/ok?x=1#y"),
    ] {
        let path = format!("/api/attempts/{}/previews", stage.attempt.id);
        let body = json!({"machine": "desk", "port": stage.service.port, "path": wanted});
        let answer = stage.ada.call(Method::POST, &path, body).await;
        let (host, path) = split(answer.json()["url"].as_str().unwrap());
        assert_eq!(stage.at(&host).get(&path).await.location(), to);
    }
}

#[tokio::test]
async fn only_the_learner_s_own_ports_can_be_shown() {
    let mut stage = stage().await;
    let port = stage.service.port;
    let refused = ask(&mut stage.ada, &stage.attempt, "broker", port).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.json()["error"]["code"], "no-such-port");
    let named = ask(&mut stage.ada, &stage.attempt, "broker", 1).await;
    let (host, path) = split(named.json()["url"].as_str().unwrap());
    assert!(host.starts_with("1--broker--"), "{host}");
    let mut browser = stage.at(&host);
    browser.get(&path).await;
    let answer = browser.get("/").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(
        answer
            .text()
            .contains("Nothing listens on port 1 of broker yet")
    );
    for unknown in ["grader", "desk2"] {
        let answer = ask(&mut stage.ada, &stage.attempt, unknown, 80).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
    }
    for role in [Role::Student, Role::Instructor, Role::Admin] {
        let mut other = stage.server.person(role.as_str(), role).await;
        other.headers[0].1 = "localhost:8080".into();
        let answer = ask(&mut other, &stage.attempt, "desk", port).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role}");
    }
    // From another computer, names below localhost lead to that computer.
    stage.ada.headers[0].1 = "192.168.1.5:8080".into();
    let answer = ask(&mut stage.ada, &stage.attempt, "desk", port).await;
    assert_eq!(answer.json()["error"]["code"], "previews-elsewhere");
}

#[tokio::test]
async fn a_cookie_of_one_preview_opens_no_other() {
    let mut stage = stage().await;
    let browser = stage.opened().await;
    let (mut eve, eves) = stage.server.learner("eve").await;
    eve.headers[0].1 = "localhost:8080".into();
    let port = stage.service.port;
    let answer = ask(&mut eve, &eves, "desk", port).await;
    let (eves_host, path) = split(answer.json()["url"].as_str().unwrap());
    let mut at_eves = stage.at(&eves_host);
    at_eves.get(&path).await;
    assert_eq!(at_eves.get("/x").await.status, StatusCode::OK);
    let sandbox = stage.server.sandbox_of(&stage.attempt).await;
    for host in [
        eves_host,
        format!("{}--{sandbox}.localhost:8080", port + 1),
        format!("{port}--broker--{sandbox}.localhost:8080"),
        format!("0{port}--{sandbox}.localhost:8080"),
    ] {
        let mut astray = browser.clone();
        astray.headers[0].1 = host.clone();
        let answer = astray.get("/x").await;
        assert!(
            matches!(
                answer.status,
                StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND
            ),
            "{host}: {}",
            answer.status
        );
    }
    // Nor does the login cookie open one, or the preview's cookie a page of ours.
    let mut astray = stage.at(&host_of(&browser));
    astray.cookies = stage.ada.cookies.clone();
    assert_eq!(astray.get("/x").await.status, StatusCode::UNAUTHORIZED);
    let mut astray = stage.server.visitor();
    astray.cookies = browser.cookies.clone();
    assert!(astray.get("/me").await.location().starts_with("/sign-in"));
}

#[tokio::test]
async fn nothing_of_the_server_stands_on_a_preview_s_origin() {
    let mut stage = stage().await;
    let mut browser = stage.opened().await;
    browser.cookies.extend(stage.ada.cookies.clone());
    for path in ["/me", "/healthz", "/static/app.css", "/sign-in"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.json()["uri"], path, "answered by the machine");
    }
    for path in ["/__slipway/", "/__slipway/x"] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    for host in ["evil.localhost:8080", "a.b.localhost", "8080--.localhost"] {
        let answer = stage.at(host).get("/sign-in").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{host}");
        assert!(answer.text().contains("There is no such preview"), "{host}");
    }
}

#[tokio::test]
async fn a_preview_s_page_can_do_nothing_to_the_server() {
    let mut stage = stage().await;
    let host = host_of(&stage.opened().await);
    let origin = format!("http://{host}");
    let (attempt, csrf) = (stage.attempt.id, stage.ada.csrf().await);
    // What a page can make a browser send: with the cookies, without our headers.
    let requests = [
        ("GET", format!("/api/attempts/{attempt}/events"), "cors"),
        (
            "GET",
            format!("/api/attempts/{attempt}/machines/desk/folder?path="),
            "no-cors",
        ),
        ("GET", "/me".to_owned(), "no-cors"),
        ("GET", "/me".to_owned(), "cors"),
        ("GET", "/static/app.css".to_owned(), "cors"),
        ("POST", format!("/api/attempts/{attempt}/finish"), "cors"),
        ("POST", "/sign-out".to_owned(), "navigate"),
        ("POST", "/language".to_owned(), "navigate"),
        (
            "POST",
            format!("/api/attempts/{attempt}/previews"),
            "no-cors",
        ),
    ];
    for (method, path, mode) in requests {
        // What browsers say of names below `localhost` differs; older ones say nothing.
        for site in [Some("same-site"), Some("cross-site"), None] {
            let mut request = Request::builder()
                .method(method)
                .uri(&path)
                .header("origin", &origin)
                .header("x-csrf-token", &csrf);
            if let Some(site) = site {
                request = request
                    .header("sec-fetch-site", site)
                    .header("sec-fetch-mode", mode);
            }
            let answer = stage.ada.send(request, Body::from("{}")).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{method} {path} {site:?}"
            );
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
    // Following a link to us is all there is.
    let request = Request::get("/me")
        .header("sec-fetch-site", "same-site")
        .header("sec-fetch-mode", "navigate");
    let answer = stage.ada.send(request, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .header("content-security-policy")
            .contains("frame-ancestors 'none'")
    );
}

#[tokio::test]
async fn other_pages_can_do_nothing_to_a_preview() {
    let mut stage = stage().await;
    let mut browser = stage.opened().await;
    let own = format!("http://{}", host_of(&browser));
    for (method, headers, expected) in [
        ("POST", vec![("origin", "http://localhost:8080")], 403),
        ("POST", vec![("origin", "null")], 403),
        (
            "GET",
            vec![
                ("sec-fetch-site", "same-site"),
                ("sec-fetch-mode", "no-cors"),
            ],
            403,
        ),
        (
            "GET",
            vec![
                ("sec-fetch-site", "same-origin"),
                ("service-worker", "script"),
            ],
            403,
        ),
        (
            "GET",
            vec![
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            200,
        ),
        (
            "GET",
            vec![
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
            ],
            403,
        ),
        (
            "GET",
            vec![
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
                ("referer", "http://localhost:8080/"),
            ],
            200,
        ),
        (
            "POST",
            vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
            200,
        ),
    ] {
        let mut request = Request::builder().method(method).uri("/x");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = browser.send(request, Body::empty()).await;
        assert_eq!(answer.status, expected, "{method} {headers:?}");
    }
}

#[tokio::test]
async fn an_answer_can_reach_no_further_than_its_own_origin() {
    let mut stage = stage().await;
    let mut browser = stage.opened().await;
    let answer = browser.get("/hostile").await;
    assert_eq!(answer.text(), "hello");
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["mine=1; Path=/"]);
    for gone in [
        "clear-site-data",
        "strict-transport-security",
        "x-frame-options",
        "x-hop",
    ] {
        assert_eq!(answer.header(gone), "", "{gone}");
    }
    assert_eq!(
        answer.header("content-security-policy"),
        "frame-ancestors 'self' http://localhost:8080"
    );
}

#[tokio::test]
async fn the_port_is_all_that_a_preview_reaches() {
    let mut stage = stage().await;
    let browser = stage.opened().await;
    let address = stage.server.listen().await;
    let (host, cookie) = (host_of(&browser), browser.cookie_header());
    for (line, expected) in [
        (format!("GET http://{host}/x HTTP/1.1"), "\"uri\":\"/x\""),
        (
            "GET //evil.example/x HTTP/1.1".to_owned(),
            "\"uri\":\"//evil.example/x\"",
        ),
        (
            "GET /@evil.example:80/ HTTP/1.1".to_owned(),
            "\"uri\":\"/@evil.example:80/\"",
        ),
        ("CONNECT evil.example:80 HTTP/1.1".to_owned(), ""),
        ("GET http://evil.example/sign-in HTTP/1.1".to_owned(), ""),
        ("OPTIONS * HTTP/1.1".to_owned(), " 403 "),
    ] {
        let answer = raw(
            address,
            &format!("{line}\r\nhost: {host}\r\ncookie: {cookie}\r\n"),
        )
        .await;
        assert!(answer.contains(expected), "{line}: {answer}");
        // Asked of another host, it is a page of ours at most, never something fetched there.
        if expected.is_empty() {
            assert!(!answer.contains("\"uri\""), "{line}: {answer}");
        }
    }
    let two = format!("GET / HTTP/1.1\r\nhost: localhost\r\nhost: {host}\r\n");
    assert!(raw(address, &two).await.starts_with("HTTP/1.1 400"));
}

/// Sends a head as it is and reads the answer to its end.
async fn raw(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let text = format!("{head}connection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(LONG, read).await.expect("in time");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A response whose body has yet to be read.
async fn streamed(stage: &Stage, browser: &Browser, path: &str) -> Response {
    let request = Request::get(path)
        .header("host", host_of(browser))
        .header("cookie", browser.cookie_header())
        .body(Body::empty())
        .unwrap();
    stage.server.router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn what_a_service_says_comes_at_once_and_not_when_it_is_done() {
    let mut stage = stage().await;
    let mut browser = stage.opened().await;
    let mut body = streamed(&stage, &browser, "/halves").await.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "first ");
    stage.service.second_half.notify_one();
    let rest = body.collect().await.unwrap().to_bytes();
    assert_eq!(rest, "second");
    let upload = vec![b'x'; 8 << 20];
    let answer = browser.send(Request::put("/up"), Body::from(upload)).await;
    assert_eq!(answer.json()["length"], 8 << 20);
    let request = Request::put("/up").header("content-length", (2_u64 << 30).to_string());
    let answer = browser.send(request, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn websockets_work_for_the_preview_s_own_pages_and_signing_out_ends_them() {
    let mut stage = stage().await;
    let browser = stage.opened().await;
    let address = stage.server.listen().await;
    let host = host_of(&browser);
    let connect = async |origin: &str| {
        let mut request = format!("ws://{address}/socket")
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        headers.insert("host", host.parse().unwrap());
        headers.insert("cookie", browser.cookie_header().parse().unwrap());
        headers.insert("origin", origin.parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        client_async(request, stream)
            .await
            .map(|(socket, _)| socket)
    };
    for foreign in ["http://localhost:8080", "null", "http://evil.example"] {
        assert!(connect(foreign).await.is_err(), "{foreign}");
    }
    let mut socket = connect(&format!("http://{host}")).await.unwrap();
    socket.send(Message::text("队列")).await.unwrap();
    let echoed = socket.next().await.unwrap().unwrap();
    assert_eq!(echoed, Message::text("队列"));
    stage.ada.form("/sign-out", &[]).await;
    let end = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(LONG, end).await.expect("cut off");
}

#[tokio::test]
async fn signing_out_closes_the_preview_and_cuts_off_what_is_under_way() {
    let mut stage = stage().await;
    let mut browser = stage.opened().await;
    let unused = stage.link().await;
    let mut body = streamed(&stage, &browser, "/endless").await.into_body();
    body.frame().await.unwrap().unwrap();
    stage.ada.form("/sign-out", &[]).await;
    assert_eq!(browser.get("/x").await.status, StatusCode::UNAUTHORIZED);
    let answer = stage.at(&unused.0).get(&unused.1).await;
    assert_eq!(
        answer.status,
        StatusCode::UNAUTHORIZED,
        "a link made before"
    );
    let end = async { while let Some(Ok(_)) = body.frame().await {} };
    tokio::time::timeout(LONG, end).await.expect("cut off");
}

#[tokio::test]
async fn what_can_t_be_shown_is_explained_in_the_language_of_the_lab_page() {
    let mut stage = stage().await;
    let mut browser = stage.opened().await;
    stage.ada.headers[1].1 = "zh".into();
    let mut chinese = stage.opened().await;
    stage.end_sandbox().await;
    for (browser, text) in [
        (&mut browser, "This sandbox has ended"),
        (&mut chinese, "这个沙盒已经结束"),
    ] {
        let answer = browser.get("/x").await;
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.text().contains(text), "{}", answer.text());
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'nonce-"),
            "{policy}"
        );
        assert!(
            policy.ends_with("frame-ancestors 'self' http://localhost:8080"),
            "{policy}"
        );
    }
    let answer = ask(&mut stage.ada, &stage.attempt, "desk", stage.service.port).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_is_no_http_is_said_to_be_none() {
    let mut stage = stage().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stage.service.port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
        }
    });
    let mut browser = stage.opened().await;
    let answer = browser.get("/").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(
        answer.text().contains("no HTTP came back"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn over_tls_previews_have_a_name_of_their_own_and_cookies_that_no_neighbour_can_plant() {
    let server = server_with(|config| {
        config.public_url = "https://labs.example.org".into();
        config.preview_host = "preview.example.net".into();
    })
    .await;
    let (mut ada, attempt) = server.learner("ada").await;
    ada.headers[0].1 = "labs.example.org".into();
    let service = service().await;
    let answer = ask(&mut ada, &attempt, "desk", service.port).await;
    let url = answer.json()["url"].as_str().unwrap().to_owned();
    let url = url.strip_prefix("https://").unwrap();
    let at = url.find('/').unwrap();
    assert!(url[..at].ends_with(".preview.example.net"), "{url}");
    let mut browser = server.visitor();
    browser.headers[0].1 = url[..at].to_owned();
    let request = Request::get(&url[at..])
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-dest", "iframe")
        .header("referer", "https://labs.example.org/");
    let answer = browser.send(request, Body::empty()).await;
    let cookie = answer.header("set-cookie");
    for part in [
        "__Host-slipway_preview=",
        "Secure",
        "SameSite=None; Partitioned",
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let answer = browser.get("/hostile").await;
    assert_eq!(
        answer.header("set-cookie"),
        "mine=1; Path=/; SameSite=None; Secure; Partitioned"
    );
    assert_eq!(
        answer.header("content-security-policy"),
        "frame-ancestors 'self' https://labs.example.org"
    );
    let page = ada.get(&format!("/attempts/{}", attempt.id)).await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("frame-src https://*.preview.example.net;"),
        "{policy}"
    );
}

//! Terminals over WebSockets, to the real agent.

use std::net::SocketAddr;

use axum::http::StatusCode;
use futures_util::{SinkExt, StreamExt};
use slipway::{domain::user::Role, store::attempts::Attempt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

use crate::support::{Browser, LONG, Server, server};

struct Terminal(WebSocketStream<TcpStream>);

/// What a server says.
#[derive(Debug, PartialEq)]
enum Said {
    Data(u64, Vec<u8>),
    Skipped(u64),
    Exit(i32),
    Hello(u64),
}

type Refused = tokio_tungstenite::tungstenite::Error;

async fn connect(
    address: SocketAddr,
    browser: &Browser,
    attempt: &Attempt,
    place: &str,
    origin: Option<&str>,
) -> Result<Terminal, Refused> {
    let uri = format!("ws://{address}/ws/attempts/{}/machines/{place}", attempt.id);
    let mut request = uri.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("cookie", browser.cookie_header().parse().unwrap());
    if let Some(origin) = origin {
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    client_async(request, stream)
        .await
        .map(|(socket, _)| Terminal(socket))
}

async fn open(address: SocketAddr, browser: &Browser, attempt: &Attempt, place: &str) -> Terminal {
    let origin = format!("http://{address}");
    connect(address, browser, attempt, place, Some(&origin))
        .await
        .unwrap()
}

async fn ready() -> (Server, SocketAddr, Browser, Attempt) {
    let server = server().await;
    let (ada, attempt) = server.learner("ada").await;
    let address = server.listen().await;
    (server, address, ada, attempt)
}

impl Terminal {
    async fn send(&mut self, kind: u8, rest: &[u8]) {
        let mut message = vec![kind];
        message.extend_from_slice(rest);
        self.0.send(Message::Binary(message.into())).await.unwrap();
    }

    async fn kind(&mut self, text: &str) {
        self.send(1, text.as_bytes()).await;
    }

    /// The next thing said, or the code with which the server left.
    async fn next(&mut self) -> Result<Said, u16> {
        // Pings do not count.
        let until = tokio::time::Instant::now() + LONG;
        loop {
            let message = tokio::time::timeout_at(until, self.0.next())
                .await
                .expect("in time");
            let bytes = match message {
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return Err(code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                None | Some(Err(_)) => return Err(1006),
                other => panic!("{other:?}"),
            };
            let number = || u64::from_be_bytes(bytes[1..9].try_into().unwrap());
            return Ok(match bytes[0] {
                1 => Said::Data(number(), bytes[9..].to_vec()),
                2 => Said::Skipped(number()),
                3 => Said::Exit(i32::from_be_bytes(bytes[1..5].try_into().unwrap())),
                4 => Said::Hello(number()),
                other => panic!("type {other}"),
            });
        }
    }

    async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Reads until the output holds `wanted`; acknowledges; returns the output and where it ends.
    async fn until(&mut self, wanted: &[u8]) -> (Vec<u8>, u64) {
        let mut output = Vec::new();
        loop {
            match self.next().await {
                Ok(Said::Data(offset, bytes)) => {
                    output.extend_from_slice(&bytes);
                    let end = offset + bytes.len() as u64;
                    self.send(3, &end.to_be_bytes()).await;
                    if output.windows(wanted.len()).any(|w| w == wanted) {
                        return (output, end);
                    }
                }
                Ok(Said::Skipped(_) | Said::Hello(_)) => {}
                other => panic!("{other:?} after {}", String::from_utf8_lossy(&output)),
            }
        }
    }
}

#[tokio::test]
async fn what_is_typed_runs_and_what_is_printed_comes_back_byte_for_byte() {
    let (_server, address, ada, attempt) = ready().await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    assert!(matches!(terminal.next().await, Ok(Said::Hello(_))));
    terminal.kind("echo 队列$((6*7))\n").await;
    terminal.until("队列42".as_bytes()).await;
    terminal.kind("printf '\\377\\376<%s>\\n' raw\n").await;
    terminal.until(b"\xff\xfe<raw>").await;
    terminal.send(2, &[0, 123, 0, 45]).await;
    terminal.kind("stty size\n").await;
    terminal.until(b"45 123").await;
}

#[tokio::test]
async fn a_browser_that_comes_back_goes_on_where_it_was() {
    let (_server, address, ada, attempt) = ready().await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    terminal.kind("echo one-$((1))\n").await;
    let (_, end) = terminal.until(b"one-1").await;
    drop(terminal);
    let place = format!("desk/terminals/1?from={end}");
    let mut again = open(address, &ada, &attempt, &place).await;
    again.kind("echo two-$((2))\n").await;
    let (output, _) = again.until(b"two-2").await;
    assert!(!String::from_utf8_lossy(&output).contains("one-1"));
    let mut whole = open(address, &ada, &attempt, "desk/terminals/1").await;
    assert!(matches!(whole.next().await, Ok(Said::Hello(end)) if end > 0));
    let (output, _) = whole.until(b"two-2").await;
    assert!(
        String::from_utf8_lossy(&output).contains("one-1"),
        "the scrollback"
    );
}

#[tokio::test]
async fn the_end_of_the_shell_is_told_and_the_next_connection_starts_another() {
    let (_server, address, ada, attempt) = ready().await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    terminal.kind("exit 3\n").await;
    loop {
        match terminal.next().await {
            Ok(Said::Exit(status)) => break assert_eq!(status, 3),
            Ok(_) => {}
            Err(code) => panic!("{code}"),
        }
    }
    let mut again = open(address, &ada, &attempt, "desk/terminals/1").await;
    again.kind("echo again-$((7))\n").await;
    again.until(b"again-7").await;
}

#[tokio::test]
async fn foreign_and_missing_origins_are_refused_before_the_handshake() {
    let (_server, address, ada, attempt) = ready().await;
    for origin in [
        None,
        Some("https://evil.example"),
        Some("null"),
        Some("http://127.0.0.1:1"),
    ] {
        match connect(address, &ada, &attempt, "desk/terminals/1", origin).await {
            Err(Refused::Http(response)) => assert_eq!(response.status(), StatusCode::FORBIDDEN),
            other => panic!("{origin:?}: {:?}", other.err()),
        }
    }
}

#[tokio::test]
async fn whoever_may_not_connect_gets_a_code_that_says_why() {
    let (server, address, ada, attempt) = ready().await;
    let visitor = server.visitor();
    assert_eq!(
        open(address, &visitor, &attempt, "desk/terminals/1")
            .await
            .closed()
            .await,
        4401
    );
    for role in [Role::Student, Role::Instructor, Role::Admin] {
        let person = server.person(role.as_str(), role).await;
        let mut terminal = open(address, &person, &attempt, "desk/terminals/1").await;
        assert_eq!(terminal.closed().await, 4403, "{role}");
    }
    for (place, code) in [
        ("other/terminals/1", 4404),
        ("desk/terminals/5", 1013),
        ("desk/terminals/0", 1013),
    ] {
        assert_eq!(
            open(address, &ada, &attempt, place).await.closed().await,
            code,
            "{place}"
        );
    }
    server.app.finish_sandbox(&attempt).await.unwrap();
    assert_eq!(
        open(address, &ada, &attempt, "desk/terminals/1")
            .await
            .closed()
            .await,
        4404
    );
}

#[tokio::test]
async fn hostile_messages_end_the_connection_and_nothing_else() {
    let (_server, address, ada, attempt) = ready().await;
    let mut other = open(address, &ada, &attempt, "desk/terminals/2").await;
    let large = vec![1; 64 * 1024 + 1];
    let cases: [(Message, u16); 6] = [
        (Message::Binary(vec![9, 1].into()), 1007),
        (Message::Binary(vec![].into()), 1007),
        (Message::Binary(vec![2, 0, 80].into()), 1007),
        (Message::Binary(vec![2, 0, 0, 0, 0].into()), 1007),
        (Message::Text("echo".into()), 1007),
        (Message::Binary(large.into()), 4413),
    ];
    for (message, code) in cases {
        let kind = format!("{} bytes", message.len());
        let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
        assert!(matches!(terminal.next().await, Ok(Said::Hello(_))));
        terminal.0.send(message).await.unwrap();
        assert_eq!(terminal.closed().await, code, "{kind}");
    }
    // What is not even buffered ends with or without the code, as the network has it.
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    let _ = terminal
        .0
        .send(Message::Binary(vec![1; (1 << 20) + 1].into()))
        .await;
    assert!([4413, 1006].contains(&terminal.closed().await));
    other.kind("echo alive-$((1))\n").await;
    other.until(b"alive-1").await;
}

#[tokio::test]
async fn signing_out_resetting_and_ending_close_open_terminals() {
    let (server, address, mut ada, attempt) = ready().await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    assert!(matches!(terminal.next().await, Ok(Said::Hello(_))));
    server.app.reset_sandbox(&attempt).await.unwrap();
    assert_eq!(terminal.closed().await, 4404);
    server.app.finish_sandbox(&attempt).await.unwrap();
    server.app.start_sandbox(&attempt).await.unwrap();
    server.make_ready(&attempt).await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    assert!(matches!(terminal.next().await, Ok(Said::Hello(_))));
    ada.form("/sign-out", &[]).await;
    assert_eq!(terminal.closed().await, 4401);
}

#[tokio::test]
async fn a_broken_way_to_the_machine_and_the_server_s_end_ask_to_connect_again() {
    let (server, address, ada, attempt) = ready().await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    terminal.kind("echo up-$((1))\n").await;
    terminal.until(b"up-1").await;
    server.engine.kill(server.sandbox_of(&attempt).await);
    assert_eq!(terminal.closed().await, 1012);
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    terminal.kind("echo up-$((1))\n").await;
    terminal.until(b"up-1").await;
    server.app.stop.cancel();
    assert_eq!(terminal.closed().await, 1012);
}

#[tokio::test]
async fn a_browser_that_reads_nothing_costs_no_memory_and_can_still_type() {
    let (_server, address, ada, attempt) = ready().await;
    let mut terminal = open(address, &ada, &attempt, "desk/terminals/1").await;
    terminal
        .kind("yes a-long-line-of-output-that-nobody-reads\n")
        .await;
    let mut second = open(address, &ada, &attempt, "desk/terminals/1").await;
    // Far more than anything between may hold, all of it acknowledged by this one alone.
    let mut seen = 0;
    while seen < 16 << 20 {
        match second.next().await.unwrap() {
            Said::Data(offset, bytes) => {
                seen += bytes.len();
                second
                    .send(3, &(offset + bytes.len() as u64).to_be_bytes())
                    .await;
            }
            Said::Hello(_) | Said::Skipped(_) => {}
            Said::Exit(_) => panic!("it goes on"),
        }
    }
    // The first one is still there, and Ctrl-C from it arrives.
    terminal.send(1, b"\x03").await;
    terminal.kind("echo over-$((5))\n").await;
    second.until(b"over-5").await;
}

#[tokio::test]
async fn one_login_session_has_sixteen_terminals_and_no_more() {
    let (_server, address, ada, attempt) = ready().await;
    let mut held = Vec::new();
    for n in 0..16 {
        let place = format!("desk/terminals/{}", n % 4 + 1);
        let mut terminal = open(address, &ada, &attempt, &place).await;
        assert!(matches!(terminal.next().await, Ok(Said::Hello(_))));
        held.push(terminal);
    }
    assert_eq!(
        open(address, &ada, &attempt, "desk/terminals/1")
            .await
            .closed()
            .await,
        1013
    );
}

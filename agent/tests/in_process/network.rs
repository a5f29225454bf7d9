//! Dialling, ports, and the stream that all requests share.

use crate::common::{LONG, eventually, machine, name, read_until, terminal, terminal_running};
use bytes::Bytes;
use slipway_agent::client::{AgentClient, AgentError};
use slipway_agent::protocol::{AbsPath, DialTarget, ErrorCode, TerminalEvent};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::time::timeout;

#[tokio::test]
async fn a_dialled_port_carries_bytes_both_ways_and_half_closes() {
    let m = machine().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(&all).await.unwrap();
    });
    let mut stream = m.client.dial(&DialTarget::local(port)).await.unwrap();
    let sent: Vec<u8> = (0..2_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let (mut read, mut write) = tokio::io::split(&mut stream);
    let mut back = Vec::new();
    let both = async {
        tokio::join!(
            async {
                write.write_all(&sent).await.unwrap();
                write.shutdown().await.unwrap();
            },
            async { read.read_to_end(&mut back).await.unwrap() }
        )
    };
    timeout(LONG, both).await.unwrap();
    assert!(back == sent);
    peer.await.unwrap();
}

#[tokio::test]
async fn dropping_a_dialled_stream_closes_it_inside() {
    let m = machine().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stream = m.client.dial(&DialTarget::local(port)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    drop(stream);
    let mut rest = Vec::new();
    let _ = timeout(LONG, peer.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn unix_sockets_and_names_are_dialled() {
    let m = machine().await;
    let path = m.home.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let target = DialTarget::unix(AbsPath::new(path.to_str().unwrap()).unwrap());
    let mut stream = m.client.dial(&target).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(b"hi").await.unwrap();
    let mut two = [0; 2];
    timeout(LONG, stream.read_exact(&mut two))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&two, b"hi");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = DialTarget::Tcp {
        host: "localhost".into(),
        port,
    };
    m.client.dial(&target).await.unwrap();
}

#[tokio::test]
async fn of_two_processes_at_a_socket_only_the_listening_one_is_heard() {
    let m = machine().await;
    let path = m.home.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let target = DialTarget::Unix {
        path: AbsPath::new(path.to_str().unwrap()).unwrap(),
        one_writer: true,
    };
    let mut stream = m.client.dial(&target).await.unwrap();
    assert_eq!(stream.peer(), Some(std::process::id()));
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(b"mine").await.unwrap();
    let mut four = [0; 4];
    timeout(LONG, stream.read_exact(&mut four))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&four, b"mine");

    let other = std::os::fd::OwnedFd::from(peer.into_std().unwrap());
    std::process::Command::new("/bin/echo")
        .arg("not mine")
        .stdout(other)
        .status()
        .unwrap();
    let mut rest = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty(), "{rest:?}");
}

#[tokio::test]
async fn what_can_not_be_reached_is_said() {
    let m = machine().await;
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = m.client.dial(&DialTarget::local(port)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Unreachable));
    let path = AbsPath::new("/no/such/socket").unwrap();
    let error = m.client.dial(&DialTarget::unix(path)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn a_new_listener_shows_among_the_ports() {
    let m = machine().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(m.client.listening_ports().await.unwrap().contains(&port));
    drop(listener);
    eventually("gone", async || {
        !m.client.listening_ports().await.unwrap().contains(&port)
    })
    .await;
}

#[tokio::test]
async fn streams_that_nobody_reads_do_not_stall_the_others() {
    let m = machine().await;
    let mut idle = Vec::new();
    for n in 0..8 {
        let script = "head -c 400000 /dev/zero | tr '\\0' x; sleep 1000";
        let request = terminal_running(&format!("flood-{n}"), &["/bin/sh", "-c", script]);
        m.client.open_terminal(&request).await.unwrap();
        idle.push(m.client.attach_terminal(&request.name, None).await.unwrap());
    }
    m.client.open_terminal(&terminal("main")).await.unwrap();
    let (sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    sender
        .input(Bytes::from_static(b"echo still-$((1+1))\n"))
        .await
        .unwrap();
    read_until(&mut receiver, b"still-2").await;
    for (_sender, receiver) in &mut idle {
        let event = timeout(LONG, receiver.next()).await.unwrap().unwrap();
        assert!(matches!(event, Some(TerminalEvent::Data { offset: 0, .. })));
    }
}

#[tokio::test]
async fn the_agent_says_who_it_is_and_when_somebody_last_typed() {
    let m = machine().await;
    let info = m.client.info().await.unwrap();
    assert_eq!((info.machine.as_str(), info.terminals.len()), ("desk", 0));
    assert_eq!(m.client.activity().await.unwrap().last_input_ms_ago, None);
    m.client.open_terminal(&terminal("main")).await.unwrap();
    let (sender, _receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    sender.input(Bytes::from_static(b"\n")).await.unwrap();
    eventually("noticed", async || {
        let activity = m.client.activity().await.unwrap();
        activity.last_input_ms_ago.is_some() && activity.attached_viewers == 1
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_speaks_nonsense_is_an_error_and_no_hang() {
    let (near, mut far) = tokio::io::duplex(1024);
    tokio::spawn(async move {
        let _ = far
            .write_all(b"HTTP/1.1 200 OK\r\n\r\nhello, this is no agent at all")
            .await;
        let mut sink = Vec::new();
        let _ = far.read_to_end(&mut sink).await;
    });
    let (client, driver) = AgentClient::handshake(near).await.unwrap();
    tokio::spawn(driver);
    let error = timeout(LONG, client.info()).await.unwrap().unwrap_err();
    assert!(matches!(error, AgentError::Transport(_)), "{error:?}");
}

#[tokio::test]
async fn dropping_the_driver_ends_every_request() {
    let m = machine().await;
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(m.agent.clone().serve(far));
    let (client, driver) = AgentClient::handshake(near).await.unwrap();
    let driver = tokio::spawn(driver);
    client.info().await.unwrap();
    driver.abort();
    let _ = driver.await;
    let error = timeout(LONG, client.info()).await.unwrap().unwrap_err();
    assert!(matches!(error, AgentError::Transport(_)), "{error:?}");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn connected(port: u16) -> TcpStream {
    let connecting = async {
        loop {
            match TcpStream::connect(("127.0.0.1", port)).await {
                Ok(stream) => return stream,
                // The listener opens with the first request for a connection.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    };
    timeout(LONG, connecting).await.unwrap()
}

#[tokio::test]
async fn who_connects_to_an_awaited_port_reaches_the_server() {
    let m = machine().await;
    let port = free_port();
    let (accepted, mut caller) = tokio::join!(m.client.accept(port), connected(port));
    let mut stream = accepted.unwrap().unwrap();
    caller.write_all(b"ping").await.unwrap();
    let mut four = [0; 4];
    timeout(LONG, stream.read_exact(&mut four))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&four, b"ping");
    stream.write_all(b"pong").await.unwrap();
    timeout(LONG, caller.read_exact(&mut four))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&four, b"pong");
    drop(stream);
    let mut rest = Vec::new();
    let _ = timeout(LONG, caller.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn connections_made_while_nobody_asks_are_handed_over_to_the_next_server() {
    let m = machine().await;
    let port = free_port();
    let (accepted, _first) = tokio::join!(m.client.accept(port), connected(port));
    accepted.unwrap().unwrap();
    let mut second = connected(port).await;
    second.write_all(b"x").await.unwrap();
    let next = crate::common::connect(&m.agent).await;
    let mut stream = timeout(LONG, next.accept(port))
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        timeout(LONG, stream.read_u8()).await.unwrap().unwrap(),
        b'x'
    );
}

#[tokio::test]
async fn low_ports_and_more_than_a_few_are_not_listened_on() {
    let m = machine().await;
    assert!(matches!(
        m.client.accept(80).await,
        Err(AgentError::Invalid(_))
    ));
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let (client, port) = (m.client.clone(), free_port());
        waiting.push(tokio::spawn(async move { client.accept(port).await }));
        drop(connected(port).await);
    }
    let error = m.client.accept(free_port()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Busy));
}

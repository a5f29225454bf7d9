//! Terminals: survival, pace, bytes as they are.

use crate::common::{
    LONG, connect, eventually, machine, machine_with, name, read_until, terminal, terminal_running,
};
use bytes::Bytes;
use slipway_agent::protocol::{ErrorCode, ExitStatus, TerminalEvent, TerminalState};
use tokio::time::timeout;

#[tokio::test]
async fn a_terminal_survives_its_viewers_and_replays_what_it_printed() {
    let m = machine().await;
    m.client.open_terminal(&terminal("main")).await.unwrap();
    let (sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    sender
        .input(Bytes::from_static(b"echo one-$((40+2))\n"))
        .await
        .unwrap();
    let (_, seen) = read_until(&mut receiver, b"one-42").await;
    drop((sender, receiver));
    eventually("detached", async || {
        m.client.activity().await.unwrap().attached_viewers == 0
    })
    .await;

    // Another connection, as after a restart of the server.
    let client = connect(&m.agent).await;
    let (sender, mut receiver) = client.attach_terminal(&name("main"), None).await.unwrap();
    read_until(&mut receiver, b"one-42").await;
    drop((sender, receiver));

    let (sender, mut receiver) = client
        .attach_terminal(&name("main"), Some(seen))
        .await
        .unwrap();
    sender
        .input(Bytes::from_static(b"echo two-$((40+3))\n"))
        .await
        .unwrap();
    let (later, _) = read_until(&mut receiver, b"two-43").await;
    assert!(!later.windows(6).any(|w| w == b"one-42"), "nothing twice");
}

#[tokio::test]
async fn opening_twice_finds_the_same_shell_and_a_dead_one_is_replaced() {
    let m = machine().await;
    let first = m.client.open_terminal(&terminal("main")).await.unwrap();
    let again = m.client.open_terminal(&terminal("main")).await.unwrap();
    assert_eq!((first.generation, again.generation), (1, 1));
    let (sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    sender
        .input(Bytes::from_static(b"echo before-$((1+1)); exit 3\n"))
        .await
        .unwrap();
    let exit = async {
        loop {
            if let TerminalEvent::Exit(status) = receiver.next().await.unwrap().unwrap() {
                break status;
            }
        }
    };
    assert_eq!(timeout(LONG, exit).await.unwrap(), ExitStatus::Code(3));
    assert_eq!(receiver.next().await.unwrap(), None);
    let listed = m.client.list_terminals().await.unwrap();
    assert_eq!(listed[0].state, TerminalState::Exited(ExitStatus::Code(3)));

    let fresh = m.client.open_terminal(&terminal("main")).await.unwrap();
    assert_eq!((fresh.generation, fresh.state), (2, TerminalState::Running));
    assert!(fresh.end >= listed[0].end, "offsets never run backwards");
    let (_sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    read_until(&mut receiver, b"before-2").await;
}

#[tokio::test]
async fn invalid_utf8_passes_through_unchanged() {
    let m = machine().await;
    let script = r"printf '\377\376\303\050\360\237 end'; sleep 1000";
    let request = terminal_running("raw", &["/bin/sh", "-c", script]);
    m.client.open_terminal(&request).await.unwrap();
    let (_sender, mut receiver) = m.client.attach_terminal(&name("raw"), None).await.unwrap();
    let (seen, _) = read_until(&mut receiver, b"end").await;
    assert_eq!(seen, b"\xff\xfe\xc3\x28\xf0\x9f end");
}

#[tokio::test]
async fn endless_output_is_paced_by_a_slow_viewer_and_interrupted_at_once() {
    let m = machine().await;
    m.client.open_terminal(&terminal("main")).await.unwrap();
    let (sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    let end = async || m.client.list_terminals().await.unwrap()[0].end;
    sender.input(Bytes::from_static(b"yes\n")).await.unwrap();
    let (_, mut seen) = read_until(&mut receiver, b"y\r\ny\r\ny\r\n").await;
    eventually("the window is full", async || end().await >= 256 * 1024).await;
    // The viewer acknowledges in small steps, much slower than `yes` prints.
    for _ in 0..20 {
        sender.ack(seen).await.unwrap();
        let event = timeout(LONG, receiver.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let TerminalEvent::Data { offset, bytes } = event else {
            panic!("{event:?}")
        };
        seen = offset + bytes.len() as u64;
        assert!(end().await <= seen + 256 * 1024 + 32 * 1024, "paced");
    }
    sender.input(Bytes::from_static(b"\x03")).await.unwrap();
    sender
        .input(Bytes::from_static(b"echo back-$((1+1))\n"))
        .await
        .unwrap();
    let (_, last) = {
        // Everything the window let through, and then the shell.
        let acks = async {
            let mut tail = Vec::new();
            loop {
                if let Some(TerminalEvent::Data { offset, bytes }) = receiver.next().await.unwrap()
                {
                    sender.ack(offset + bytes.len() as u64).await.unwrap();
                    tail.extend_from_slice(&bytes);
                    if tail.windows(6).any(|w| w == b"back-2") {
                        break (tail, offset + bytes.len() as u64);
                    }
                }
            }
        };
        timeout(LONG, acks).await.expect("the shell is back")
    };
    assert!(
        last < seen + 2 * 1024 * 1024,
        "what came after Ctrl-C is bounded"
    );
}

#[tokio::test]
async fn a_viewer_that_never_answers_does_not_stop_the_terminal() {
    let m = machine_with(|setup| setup.config.scrollback_bytes = 64 * 1024).await;
    let script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo finished; sleep 1000";
    let request = terminal_running("main", &["/bin/sh", "-c", script]);
    m.client.open_terminal(&request).await.unwrap();
    let (sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    let end = async || m.client.list_terminals().await.unwrap()[0].end;
    // It reads a little, acknowledges nothing; after some seconds it no longer counts.
    receiver.next().await.unwrap();
    eventually("all printed", async || end().await > 3_000_000).await;
    // When it comes back, it is told what it missed, and goes on.
    let mut skipped = false;
    let rest = async {
        loop {
            match receiver.next().await.unwrap().unwrap() {
                TerminalEvent::Skipped { to } => {
                    skipped = true;
                    sender.ack(to).await.unwrap();
                }
                TerminalEvent::Data { offset, bytes } => {
                    sender.ack(offset + bytes.len() as u64).await.unwrap();
                    if bytes.windows(8).any(|w| w == b"finished") {
                        break;
                    }
                }
                TerminalEvent::Exit(_) => panic!("still running"),
            }
        }
    };
    timeout(LONG, rest).await.unwrap();
    assert!(skipped);
}

#[tokio::test]
async fn output_flows_while_nobody_watches() {
    let m = machine().await;
    let script = "head -c 3000000 /dev/zero | tr '\\0' x; sleep 1000";
    let request = terminal_running("main", &["/bin/sh", "-c", script]);
    m.client.open_terminal(&request).await.unwrap();
    eventually("all printed", async || {
        m.client.list_terminals().await.unwrap()[0].end == 3_000_000
    })
    .await;
}

#[tokio::test]
async fn a_huge_paste_arrives_whole() {
    let m = machine().await;
    let script = "stty raw -echo; echo go; head -c 5000000 | md5sum; sleep 1000";
    let request = terminal_running("main", &["/bin/sh", "-c", script]);
    m.client.open_terminal(&request).await.unwrap();
    let (sender, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    read_until(&mut receiver, b"go").await;
    let paste = Bytes::from(vec![b'p'; 5_000_000]);
    let typing = sender.clone();
    tokio::spawn(async move { typing.input(paste).await });
    read_until(&mut receiver, b"8c0599c5702319fcb8f101d76cfc5ca5").await;
}

#[tokio::test]
async fn a_paste_that_nobody_reads_blocks_nothing_else() {
    let m = machine().await;
    let request = terminal_running(
        "stuck",
        &["/bin/sh", "-c", "stty raw -echo; echo go; sleep 1000"],
    );
    m.client.open_terminal(&request).await.unwrap();
    let (sender, mut receiver) = m
        .client
        .attach_terminal(&name("stuck"), None)
        .await
        .unwrap();
    read_until(&mut receiver, b"go").await;
    let paste = tokio::spawn(async move { sender.input(vec![b'p'; 50_000_000].into()).await });
    m.client.open_terminal(&terminal("other")).await.unwrap();
    let (sender, mut receiver) = m
        .client
        .attach_terminal(&name("other"), None)
        .await
        .unwrap();
    sender
        .input(Bytes::from_static(b"echo fine-$((1+1))\n"))
        .await
        .unwrap();
    read_until(&mut receiver, b"fine-2").await;
    assert!(!paste.is_finished(), "the paste waits");
    paste.abort();
}

#[tokio::test]
async fn the_last_size_told_is_the_size() {
    let m = machine().await;
    m.client.open_terminal(&terminal("main")).await.unwrap();
    let (first, _r1) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    let (second, mut receiver) = m.client.attach_terminal(&name("main"), None).await.unwrap();
    first.resize(100, 30).await.unwrap();
    eventually("first", async || {
        m.client.list_terminals().await.unwrap()[0].cols == 100
    })
    .await;
    second.resize(132, 43).await.unwrap();
    second
        .input(Bytes::from_static(b"stty size\n"))
        .await
        .unwrap();
    read_until(&mut receiver, b"43 132").await;
    let info = &m.client.list_terminals().await.unwrap()[0];
    assert_eq!((info.cols, info.rows, info.viewers), (132, 43, 2));
}

#[tokio::test]
async fn closing_a_terminal_ends_what_runs_in_it() {
    let m = machine_with(|setup| setup.config.limits.terminals = 1).await;
    m.client.open_terminal(&terminal("one")).await.unwrap();
    let refused = m.client.open_terminal(&terminal("two")).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Busy));
    let (_sender, mut receiver) = m.client.attach_terminal(&name("one"), None).await.unwrap();
    m.client.close_terminal(&name("one")).await.unwrap();
    let ended = async { while receiver.next().await.unwrap().is_some() {} };
    timeout(LONG, ended).await.unwrap();
    m.client.open_terminal(&terminal("two")).await.unwrap();
    let gone = m
        .client
        .attach_terminal(&name("one"), None)
        .await
        .unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn a_viewer_with_an_offset_of_another_life_is_told_so() {
    let m = machine().await;
    m.client.open_terminal(&terminal("main")).await.unwrap();
    let (_sender, mut receiver) = m
        .client
        .attach_terminal(&name("main"), Some(1 << 60))
        .await
        .unwrap();
    let first = timeout(LONG, receiver.next()).await.unwrap().unwrap();
    assert_eq!(first, Some(TerminalEvent::Skipped { to: 0 }));
}

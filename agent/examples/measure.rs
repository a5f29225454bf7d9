//! Figures of a running machine: `cargo run --release --example measure -- CONTAINER`.

use bytes::Bytes;
use slipway_agent::client::AgentClient;
use slipway_agent::protocol::{
    ExecRequest, OpenTerminal, RelPath, RunAs, TerminalEvent, TerminalName,
};
use std::error::Error;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let container = std::env::args().nth(1).ok_or("usage: measure CONTAINER")?;
    let mut connect = tokio::process::Command::new("docker")
        .args(["exec", "-i", &container, "/.slipway/agent", "connect"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (input, output) = (connect.stdin.take().ok_or("stdin")?, connect.stdout.take());
    let stream = tokio::io::join(output.ok_or("stdout")?, input);
    let (client, driver) = AgentClient::handshake(stream).await?;
    let driver = tokio::spawn(driver);

    client.info().await?;
    let status = ExecRequest::new(RunAs::Root, ["/bin/cat", "/proc/1/status"]);
    let status = String::from_utf8(client.exec(&status).await?.stdout)?;
    report(
        status
            .lines()
            .filter(|l| l.starts_with("Vm") || l.starts_with("Rss")),
    );

    let mut times = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        client.activity().await?;
        times.push(start.elapsed());
    }
    show("activity (a bare request)", times);
    for user in [RunAs::Root, RunAs::Learner] {
        let mut times = Vec::new();
        let request = ExecRequest::new(user, ["/bin/true"]);
        for _ in 0..300 {
            let start = Instant::now();
            client.exec(&request).await?;
            times.push(start.elapsed());
        }
        show(&format!("exec true as {user:?}"), times);
    }
    let mut times = Vec::new();
    for _ in 0..300 {
        let start = Instant::now();
        client.list_dir(&RelPath::home()).await?;
        times.push(start.elapsed());
    }
    show("list the home folder", times);

    let (mut prompts, mut keys) = (Vec::new(), Vec::new());
    for number in 0..30 {
        let name = TerminalName::new(format!("measure-{number}"))?;
        let start = Instant::now();
        let open = OpenTerminal {
            name: name.clone(),
            cols: 80,
            rows: 24,
            argv: None,
        };
        client.open_terminal(&open).await?;
        let (sender, mut receiver) = client.attach_terminal(&name, None).await?;
        while !matches!(receiver.next().await?, Some(TerminalEvent::Data { .. })) {}
        prompts.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..10 {
            let start = Instant::now();
            sender.input(Bytes::from_static(b"x")).await?;
            while !matches!(receiver.next().await?, Some(TerminalEvent::Data { .. })) {}
            keys.push(start.elapsed());
        }
        client.close_terminal(&name).await?;
    }
    show("open a terminal until the first output", prompts);
    show("a key and its echo", keys);
    driver.abort();
    Ok(())
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    report([format!("{what}: median {:?}, p99 {:?}", at(50), at(99)).as_str()]);
}

fn report<'a>(lines: impl IntoIterator<Item = &'a str>) {
    use std::io::Write as _;
    for line in lines {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

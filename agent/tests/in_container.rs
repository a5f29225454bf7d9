//! The static binary as PID 1 of a real machine, with the rights that machines get.
//!
//! Not part of a plain `cargo test`: it needs a container engine, and in the environment
//! `SLIPWAY_AGENT_BINARY` (path of the static binary) and optionally `SLIPWAY_TEST_IMAGE` (a Debian
//! image that has perl-base; `debian:trixie-slim` by default).

// Helpers outside of test functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use slipway_agent::client::AgentClient;
use slipway_agent::protocol::{
    AbsPath, AgentConfig, DialTarget, ErrorCode, ExecOutcome, ExecRequest, ExecStatus, Learner,
    Limits, OpenTerminal, RelPath, RunAs, SecretEnv, ServiceState, TerminalEvent, TerminalName,
};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LONG: Duration = Duration::from_secs(30);
const CAPABILITIES: [&str; 8] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETUID",
    "SETGID",
    "SETPCAP",
];

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("the docker client");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {err}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A machine and its network; both go when it is dropped.
struct Machine {
    name: String,
    _connect: tokio::process::Child,
    client: AgentClient,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let quietly = |arguments: &[&str]| {
            let mut command = Command::new("docker");
            command
                .args(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let _ = command.status();
        };
        quietly(&["rm", "--force", "--volumes", &self.name]);
        quietly(&["network", "rm", &self.name]);
    }
}

async fn machine(test: &str, drop_privileges: bool) -> Machine {
    let binary = std::env::var("SLIPWAY_AGENT_BINARY").expect("SLIPWAY_AGENT_BINARY: the binary");
    let image = std::env::var("SLIPWAY_TEST_IMAGE").unwrap_or("debian:trixie-slim".to_owned());
    let name = format!("agent-test-{test}-{}", std::process::id());
    let config = AgentConfig {
        machine: "desk".into(),
        learner: Learner {
            name: "learner".into(),
            uid: 1000,
            gid: 1000,
            home: "/home/learner".into(),
            shell: "/bin/bash".into(),
        },
        drop_privileges,
        env: BTreeMap::from([("LAB".into(), "one".into())]),
        service_env: SecretEnv(BTreeMap::from([("SECRET".into(), "swordfish".into())])),
        scrollback_bytes: 1024 * 1024,
        limits: Limits::default(),
    };
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, bytes: &[u8], mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    put("slipway/agent", &std::fs::read(binary).unwrap(), 0o755);
    put(
        "slipway/config.json",
        &serde_json::to_vec(&config).unwrap(),
        0o600,
    );
    put(
        "etc/start",
        b"#!/bin/sh\necho \"secret is $SECRET\"\nexec sleep 100000\n",
        0o755,
    );
    docker(&[
        "network",
        "create",
        "--internal",
        "--subnet",
        &subnet(test),
        &name,
    ]);
    let mut create = vec!["create", "--name", &name, "--network", &name];
    create.extend([
        "--network-alias",
        "broker",
        "--hostname",
        "desk",
        "--read-only",
    ]);
    create.extend(["--memory", "256m", "--pids-limit", "200", "--user", "0:0"]);
    create.extend([
        "--tmpfs",
        "/run:size=4m,mode=755",
        "--tmpfs",
        "/tmp:size=16m,mode=1777",
    ]);
    create.extend(["--tmpfs", "/run/slipway:size=16m,mode=711,exec"]);
    create.extend([
        "--tmpfs",
        "/home/learner:size=16m,uid=1000,gid=1000,mode=750,exec",
    ]);
    create.extend([
        "--volume",
        "/.slipway",
        "--volume",
        "/etc/slipway",
        "--cap-drop",
        "ALL",
    ]);
    for capability in CAPABILITIES {
        create.extend(["--cap-add", capability]);
    }
    if drop_privileges {
        create.extend(["--security-opt", "no-new-privileges"]);
    }
    create.extend(["--entrypoint", "/.slipway/agent", &image, "init"]);
    docker(&create);
    let from = |part: &str| format!("{}/{part}/.", folder.path().display());
    docker(&["cp", &from("slipway"), &format!("{name}:/.slipway")]);
    docker(&["cp", &from("etc"), &format!("{name}:/etc/slipway")]);
    docker(&["start", &name]);
    let mut connect = tokio::process::Command::new("docker")
        .args(["exec", "-i", &name, "/.slipway/agent", "connect"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stream = tokio::io::join(
        connect.stdout.take().unwrap(),
        connect.stdin.take().unwrap(),
    );
    let (client, driver) = AgentClient::handshake(stream).await.unwrap();
    tokio::spawn(driver);
    Machine {
        name,
        _connect: connect,
        client,
    }
}

/// A small network of its own for each test, away from the engine's default pools.
fn subnet(test: &str) -> String {
    let number = test
        .bytes()
        .fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    format!("10.213.{number}.0/28")
}

impl Machine {
    async fn run(&self, user: RunAs, script: &str) -> ExecOutcome {
        let request = ExecRequest::new(user, ["/bin/bash", "-c", script]);
        self.client.exec(&request).await.unwrap()
    }

    async fn out(&self, user: RunAs, script: &str) -> String {
        let outcome = self.run(user, script).await;
        assert!(outcome.succeeded(), "{script}: {outcome:?}");
        String::from_utf8(outcome.stdout).unwrap()
    }

    async fn denied(&self, script: &str) {
        let outcome = self.run(RunAs::Learner, script).await;
        let code = ExecStatus::Exited { code: 0 };
        assert!(outcome.status != code, "{script}: {outcome:?}");
        let err = String::from_utf8_lossy(&outcome.stderr);
        assert!(
            err.contains("denied") || err.contains("not permitted"),
            "{script}: {outcome:?}"
        );
    }
}

fn status_line<'a>(status: &'a str, key: &str) -> &'a str {
    status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or("missing")
        .trim()
}

async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let waiting = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(LONG, waiting).await.is_ok(),
        "never: {what}"
    );
}

#[tokio::test]
async fn the_learner_has_no_privilege_at_all() {
    let m = machine("caps", true).await;
    let by_exec = m.out(RunAs::Learner, "cat /proc/self/status").await;
    let as_learner = [
        "/.slipway/agent",
        "as-learner",
        "--",
        "cat",
        "/proc/self/status",
    ];
    let by_engine = docker(&[&["exec", m.name.as_str()], as_learner.as_slice()].concat());
    for status in [by_exec, by_engine] {
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(status_line(&status, set), "0000000000000000", "{set}");
        }
        assert_eq!(status_line(&status, "NoNewPrivs:"), "1");
        assert_eq!(status_line(&status, "Seccomp:"), "2");
        assert_eq!(status_line(&status, "Uid:"), "1000\t1000\t1000\t1000");
        assert_eq!(status_line(&status, "Gid:"), "1000\t1000\t1000\t1000");
        assert_eq!(status_line(&status, "Groups:"), "1000");
        assert_eq!(status_line(&status, "SigBlk:"), "0000000000000000");
        assert_eq!(status_line(&status, "SigIgn:"), "0000000000000000");
    }
    let score = "cat /proc/self/oom_score_adj";
    let learner: i32 = m.out(RunAs::Learner, score).await.trim().parse().unwrap();
    let agent: i32 = m
        .out(RunAs::Root, "cat /proc/1/oom_score_adj")
        .await
        .trim()
        .parse()
        .unwrap();
    assert!(
        learner > agent,
        "the learner's processes are the likelier victims"
    );
}

#[tokio::test]
async fn without_the_drop_only_the_bounding_set_remains() {
    let m = machine("keep", false).await;
    let status = m.out(RunAs::Learner, "cat /proc/self/status").await;
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(status_line(&status, set), "0000000000000000", "{set}");
    }
    assert_ne!(status_line(&status, "CapBnd:"), "0000000000000000");
    assert_eq!(status_line(&status, "NoNewPrivs:"), "0");
}

#[tokio::test]
async fn the_learner_reaches_none_of_the_agents_secrets() {
    let m = machine("secrets", true).await;
    m.denied("cat /.slipway/config.json").await;
    m.denied("ls /run/slipway").await;
    m.denied("ls /run/slipway/exec").await;
    m.denied("cat /proc/1/environ").await;
    m.denied("cat /proc/1/mem").await;
    m.denied("kill -9 1").await;
    m.denied("/.slipway/agent connect </dev/null").await;
    eventually("the script has spoken", async || {
        m.client.service_status().await.unwrap().log_tail == b"secret is swordfish\n"
    })
    .await;
    assert_eq!(
        m.client.service_status().await.unwrap().state,
        ServiceState::Running
    );
    let find = "for p in /proc/[0-9]*; do cat $p/environ $p/cmdline 2>/dev/null; done; env";
    assert!(!m.out(RunAs::Learner, find).await.contains("swordfish"));

    // The helper files of a running check of root.
    let client = m.client.clone();
    let check = tokio::spawn(async move {
        let script = "echo $SLIPWAY_DIR > /tmp/where; while [ ! -e /tmp/go ]; do sleep 0.05; done; cat $SLIPWAY_DIR/key";
        let request = ExecRequest::new(RunAs::Root, ["/bin/sh", "-c", script]);
        client
            .exec(&request.file("key", 0o644, *b"answer").timeout(LONG))
            .await
            .unwrap()
    });
    eventually("the check runs", async || {
        m.run(RunAs::Learner, "test -s /tmp/where")
            .await
            .succeeded()
    })
    .await;
    m.denied("ls $(cat /tmp/where)").await;
    m.denied("cat $(cat /tmp/where)/key").await;
    m.out(RunAs::Learner, "touch /tmp/go").await;
    assert_eq!(check.await.unwrap().stdout, b"answer");
}

#[tokio::test]
async fn commands_run_as_root_and_as_the_learner_with_their_own_files() {
    let m = machine("exec", true).await;
    assert_eq!(m.out(RunAs::Root, "id -u; pwd").await, "0\n/\n");
    assert_eq!(
        m.out(RunAs::Learner, "id -u; pwd").await,
        "1000\n/home/learner\n"
    );
    for user in [RunAs::Root, RunAs::Learner] {
        let request = ExecRequest::new(user, ["/bin/sh", "-c", "\"$SLIPWAY_DIR/run\""]);
        let request = request.file("run", 0o700, *b"#!/bin/sh\necho ran as $(id -u)\n");
        let outcome = m.client.exec(&request).await.unwrap();
        let uid = if user == RunAs::Root { 0 } else { 1000 };
        assert_eq!(
            outcome.stdout,
            format!("ran as {uid}\n").into_bytes(),
            "{outcome:?}"
        );
    }
    let script = "(setsid bash -c 'trap \"\" TERM HUP; sleep 5000 & wait' &) ; sleep 5000";
    let request = ExecRequest::new(RunAs::Learner, ["/bin/bash", "-c", script]);
    let outcome = m
        .client
        .exec(&request.timeout(Duration::from_millis(500)))
        .await
        .unwrap();
    assert_eq!(outcome.status, ExecStatus::TimedOut);
    let left = "grep -l '^sleep.5000' /proc/[0-9]*/cmdline || true";
    eventually("all dead", async || {
        m.out(RunAs::Root, left).await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_fork_bomb_is_ended_with_its_check() {
    let m = machine("bomb", true).await;
    let bomb = "f() { f | f & }; f; sleep 1000";
    let request = ExecRequest::new(RunAs::Learner, ["/bin/bash", "-c", bomb]);
    let outcome = m
        .client
        .exec(&request.timeout(Duration::from_secs(2)))
        .await
        .unwrap();
    assert_eq!(outcome.status, ExecStatus::TimedOut);
    let count = "set -- /proc/[0-9]*; echo $#";
    eventually("quiet again", async || {
        let outcome = m.run(RunAs::Root, count).await;
        String::from_utf8_lossy(&outcome.stdout)
            .trim()
            .parse()
            .is_ok_and(|n: u32| n < 10)
    })
    .await;
}

#[tokio::test]
async fn orphans_leave_no_zombies() {
    let m = machine("zombies", true).await;
    let script = "for i in $(seq 50); do (sleep 0.0$i & ) ; done";
    let request = ExecRequest::new(RunAs::Learner, ["/bin/bash", "-c", script]);
    assert!(
        m.client
            .exec(&request.keep_leftovers())
            .await
            .unwrap()
            .succeeded()
    );
    let states = "cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | cut -c1 | sort | uniq -c";
    let sleeping = "grep -l '^sleep.0' /proc/[0-9]*/cmdline || true";
    eventually("none sleeps", async || {
        m.out(RunAs::Root, sleeping).await.is_empty()
    })
    .await;
    eventually("no zombie", async || {
        !m.out(RunAs::Root, states).await.contains('Z')
    })
    .await;
}

#[tokio::test]
async fn files_belong_to_the_learner_and_end_where_their_rights_end() {
    let m = machine("files", true).await;
    let file = RelPath::new("a.txt").unwrap();
    m.client.write_file(&file, "text", None).await.unwrap();
    let owner = m
        .out(RunAs::Root, "stat -c '%u %g %a' /home/learner/a.txt")
        .await;
    assert_eq!(owner, "1000 1000 644\n");
    m.out(
        RunAs::Root,
        "mkdir -m 700 /home/learner/r && echo s > /home/learner/r/s",
    )
    .await;
    m.out(
        RunAs::Root,
        "echo s > /home/learner/s && chmod 600 /home/learner/s",
    )
    .await;
    for path in ["r/s", "s"] {
        let error = m
            .client
            .read_file(&RelPath::new(path).unwrap(), 10)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Denied), "{path}");
    }
    let error = m
        .client
        .write_file(&RelPath::new("s").unwrap(), "x", None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Denied));
    let any = async |path: &str, user| {
        m.client
            .read_any(&AbsPath::new(path).unwrap(), user, 4096)
            .await
    };
    assert_eq!(
        any("/home/learner/s", RunAs::Root).await.unwrap().bytes,
        "s\n"
    );
    let error = any("/home/learner/s", RunAs::Learner).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Denied));
    for path in ["/.slipway/config.json", "/proc/1/environ"] {
        let error = any(path, RunAs::Root).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::Refused), "{path}");
    }
    let big = vec![0; 4 * 1024 * 1024];
    let mut full = None;
    for n in 0..8 {
        let file = RelPath::new(format!("big-{n}")).unwrap();
        if let Err(error) = m.client.write_file(&file, big.clone(), None).await {
            full = error.code();
            break;
        }
    }
    assert_eq!(full, Some(ErrorCode::NoSpace));
}

#[tokio::test]
async fn ports_are_listed_and_dialled_by_name_through_the_engines_name_server() {
    let m = machine("dial", true).await;
    let server = "exec perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(LocalAddr => \
        \"0.0.0.0:8080\", Listen => 5, ReuseAddr => 1); while (my $c = $l->accept) { print $c \
        \"hello \" . <$c>; close $c }' >/dev/null 2>&1 &";
    let request = ExecRequest::new(RunAs::Learner, ["/bin/bash", "-c", server]);
    m.client.exec(&request.keep_leftovers()).await.unwrap();
    eventually("it listens", async || {
        m.client.listening_ports().await.unwrap() == [8080]
    })
    .await;
    for host in ["127.0.0.1", "localhost", "desk", "broker"] {
        let target = DialTarget::Tcp {
            host: host.into(),
            port: 8080,
        };
        let mut stream = m.client.dial(&target).await.unwrap();
        stream.write_all(b"world\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "hello world\n", "{host}");
    }
    let target = DialTarget::Tcp {
        host: "nobody.invalid".into(),
        port: 80,
    };
    let error = m.client.dial(&target).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Unreachable));
    // The agent's own socket is not for the learner's rights, with which sockets are dialled.
    let path = AbsPath::new("/run/slipway/agent.sock").unwrap();
    let error = m.client.dial(&DialTarget::unix(path)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Denied));
}

#[tokio::test]
async fn a_terminal_is_the_learners_own_and_survives_the_connection() {
    let m = machine("terminal", true).await;
    let name = TerminalName::new("main").unwrap();
    let open = OpenTerminal {
        name: name.clone(),
        cols: 80,
        rows: 24,
        argv: None,
    };
    m.client.open_terminal(&open).await.unwrap();
    let (sender, mut receiver) = m.client.attach_terminal(&name, None).await.unwrap();
    let line = "echo $LAB-$HOME-$(id -u)-$TERM; test -w $(tty) && echo 世界 mine; shopt -q login_shell && echo login; echo e''nd\n";
    sender
        .input(Bytes::from_static(line.as_bytes()))
        .await
        .unwrap();
    let mut seen = String::new();
    let reading = async {
        while !seen.contains("\nend") {
            if let Some(TerminalEvent::Data { bytes, .. }) = receiver.next().await.unwrap() {
                seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    };
    let _ = tokio::time::timeout(LONG, reading).await;
    for wanted in [
        "one-/home/learner-1000-xterm-256color",
        "\n世界 mine",
        "\nlogin",
    ] {
        assert!(seen.contains(wanted), "{wanted} in {seen}");
    }
    assert!(!seen.contains("no job control"), "{seen}");
}

#[tokio::test]
async fn the_engines_stop_ends_the_machine_by_itself() {
    let m = machine("stop", true).await;
    let name = TerminalName::new("main").unwrap();
    let open = OpenTerminal {
        name,
        cols: 80,
        rows: 24,
        argv: None,
    };
    m.client.open_terminal(&open).await.unwrap();
    docker(&["stop", "--time", "20", &m.name]);
    // 137 would mean that the engine had to kill it.
    assert_eq!(
        docker(&["inspect", "--format", "{{.State.ExitCode}}", &m.name]),
        "0"
    );
}

#[tokio::test]
async fn activity_knows_the_machines_cpu_time() {
    let m = machine("activity", true).await;
    let before = m
        .client
        .activity()
        .await
        .unwrap()
        .cpu_usage_usec
        .expect("a readable cgroup");
    m.out(RunAs::Learner, "for i in $(seq 100000); do :; done")
        .await;
    assert!(m.client.activity().await.unwrap().cpu_usage_usec.unwrap() > before);
}

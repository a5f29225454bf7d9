//! Checks against machines that do as they are told, hostile ones included.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "grading/fake.rs"]
mod fake;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fake::{Bench, Fake, Sandbox, Server, check, ended, exited, no, response};
use slipway::{
    domain::{
        check::Check,
        lab::Step,
        submission::{CheckResult, Outcome},
        text::Text,
    },
    grading::{MAX_EVIDENCE, Sampling, Unreachable, grade_step, run_check},
};
use slipway_agent::protocol::{ErrorCode, ExecStatus, RunAs};
use tokio::io::AsyncWriteExt as _;

async fn settled(sandbox: &Sandbox, check: &Check) -> CheckResult {
    let bench = Bench::default();
    may_be_spawned(run_check(&bench.context(sandbox), check, Sampling::Settled)).await
}

fn message(result: &CheckResult) -> &Text {
    result.message.as_ref().unwrap()
}

fn http(rest: &str) -> Check {
    check(
        "answers",
        &format!("timeout: 2s\nhttp: {{port: 8080{rest}}}"),
    )
}

/// A worker's task must be able to hold grading.
fn may_be_spawned<T: Send>(future: T) -> T {
    future
}

// ---- http ----

#[tokio::test]
async fn a_service_that_answers_twice_earns_its_points() {
    let server = Server::answering(|_, _| response(200, "hello")).await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let result = settled(&sandbox, &http(", expect: {body: {equals: hello}}")).await;
    assert_eq!(result.outcome, Outcome::Passed, "{result:?}");
    assert_eq!((result.points, &result.message), (10, &None));
    assert!(
        result.evidence.contains("-- second look --"),
        "{}",
        result.evidence
    );
    assert_eq!(server.heads.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn each_look_asks_with_another_word_and_a_prepared_answer_fails() {
    let honest = Server::answering(|_, head| {
        let word = head.split(['/', ' ']).nth(3).unwrap();
        response(200, word)
    })
    .await;
    let echo = http(", path: '/echo/{{nonce}}', expect: {body: {equals: '{{nonce}}'}}");
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", honest.address);
    assert_eq!(settled(&sandbox, &echo).await.outcome, Outcome::Passed);
    let heads = honest.heads.lock().unwrap().clone();
    assert_eq!(heads.len(), 2);
    assert_ne!(heads[0].lines().next(), heads[1].lines().next());

    let first = Arc::new(Mutex::new(None::<String>));
    let replaying = Server::answering(move |_, head| {
        let word = head.split(['/', ' ']).nth(3).unwrap().to_owned();
        let mut first = first.lock().unwrap();
        response(200, first.get_or_insert(word))
    })
    .await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", replaying.address);
    let result = settled(&sandbox, &echo).await;
    assert_eq!((result.outcome, result.points), (Outcome::Unstable, 0));
}

#[tokio::test]
async fn two_looks_that_disagree_are_unstable_and_say_so() {
    let server = Server::answering(|n, _| response(if n == 0 { 200 } else { 500 }, "")).await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let result = settled(&sandbox, &http("")).await;
    assert_eq!((result.outcome, result.points), (Outcome::Unstable, 0));
    assert!(message(&result).zh.contains("不一致"));
    assert!(message(&result).en.contains("disagreed"));
}

#[tokio::test]
async fn a_look_while_the_learner_works_is_a_single_one() {
    let server = Server::answering(|_, _| response(200, "")).await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let bench = Bench::default();
    let check = http("");
    let result = run_check(&bench.context(&sandbox), &check, Sampling::Once).await;
    assert_eq!(result.outcome, Outcome::Passed);
    assert_eq!(server.heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failed_look_is_repeated_as_often_as_the_check_says() {
    let server = Server::answering(|n, _| response(if n < 2 { 503 } else { 200 }, "")).await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let patient = check("answers", "retries: 2\nhttp: {port: 8080}");
    assert_eq!(settled(&sandbox, &patient).await.outcome, Outcome::Passed);
    let server = Server::answering(|n, _| response(if n < 2 { 503 } else { 200 }, "")).await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let hasty = check("answers", "retries: 1\nhttp: {port: 8080}");
    assert_eq!(settled(&sandbox, &hasty).await.outcome, Outcome::Failed);
}

#[tokio::test]
async fn a_closed_port_is_named_in_both_languages() {
    let sandbox = Sandbox::desk(Fake::default());
    let result = settled(&sandbox, &http("")).await;
    assert_eq!(result.outcome, Outcome::Failed);
    assert_eq!(message(&result).zh, "还没做。desk 的 8080 端口拒绝连接。");
    assert_eq!(
        message(&result).en,
        "Not yet. Port 8080 of desk refuses connections."
    );
}

#[tokio::test]
async fn silence_is_wanted_only_from_a_machine_that_lives() {
    let refused = http(", expect: {refused: true}");
    let sandbox = Sandbox::desk(Fake::default());
    assert_eq!(settled(&sandbox, &refused).await.outcome, Outcome::Passed);

    let mut dead = Sandbox::desk(Fake::default());
    dead.desk = Err(Unreachable::Gone);
    let result = settled(&dead, &refused).await;
    assert_eq!(result.outcome, Outcome::Ungradable);
    assert!(message(&result).en.contains("no longer running"));

    let server = Server::answering(|_, _| response(200, "")).await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let result = settled(&sandbox, &refused).await;
    assert_eq!(result.outcome, Outcome::Failed);
    assert!(message(&result).zh.ends_with("仍然接受连接。"));
}

#[tokio::test]
async fn hostile_servers_neither_pass_nor_hold_up_the_grader() {
    let hostile: [(&str, Serve); 6] = [
        ("endless headers", |_, _, mut stream| {
            Box::pin(async move {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
                while stream
                    .write_all(b"x-filler: aaaaaaaaaaaaaaaa\r\n")
                    .await
                    .is_ok()
                {}
            })
        }),
        ("endless provisional answers", |_, _, mut stream| {
            Box::pin(async move {
                let provisional = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
                while stream.write_all(&provisional).await.is_ok() {}
            })
        }),
        ("a drip", |_, _, mut stream| {
            Box::pin(async move {
                for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd" {
                    let _ = stream.write_all(&[*byte]).await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            })
        }),
        ("a gigabyte", |_, _, mut stream| {
            Box::pin(async move {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
                    .await;
                while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
            })
        }),
        ("a wrong length", |_, _, mut stream| {
            Box::pin(async move {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nok")
                    .await;
            })
        }),
        ("noise", |_, _, mut stream| {
            Box::pin(async move {
                let _ = stream.write_all(b"\xff\xfe\x00\r\n\r\nok").await;
            })
        }),
    ];
    for (name, serve) in hostile {
        let server = Server::start(serve).await;
        let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
        let wanted = check(
            "answers",
            "timeout: 1s\nhttp: {port: 8080, expect: {body: {equals: ok}}}",
        );
        let result = settled(&sandbox, &wanted).await;
        assert_eq!(result.outcome, Outcome::Failed, "{name}: {result:?}");
        assert!(result.evidence.len() <= MAX_EVIDENCE);
    }
}

type Serve = fn(usize, String, tokio::net::TcpStream) -> Handler;
type Handler = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[tokio::test]
async fn bytes_that_are_not_text_are_escaped_as_evidence() {
    let server = Server::answering(|_, _| {
        let mut answer = response(200, "");
        answer.truncate(0);
        answer.extend_from_slice(
            b"HTTP/1.1 200 OK\r\nx-odd: \xe2\x80\xae\r\ncontent-length: 8\r\n\r\n\xff\x1b[2Jok\n",
        );
        answer
    })
    .await;
    let sandbox = Sandbox::desk(Fake::default()).route("desk:8080", server.address);
    let result = settled(&sandbox, &http(", expect: {body: {contains: ok}}")).await;
    assert_eq!(result.outcome, Outcome::Passed, "{result:?}");
    assert!(
        result.evidence.contains("\\xff\\u{1b}[2Jok"),
        "{}",
        result.evidence
    );
    assert!(
        result.evidence.contains("header x-odd: \\u{202e}"),
        "{}",
        result.evidence
    );
}

// ---- whose fault ----

#[tokio::test]
async fn what_can_not_be_looked_at_is_sorted_by_whose_fault_it_is() {
    let file = check("exists", "timeout: 1s\nfile: {path: a}");
    let refusing = |code| Fake {
        file: Arc::new(move |_| Err(no(code))),
        ..Fake::default()
    };
    for (desk, outcome) in [
        (Err(Unreachable::Gone), Outcome::Ungradable),
        (
            Err(Unreachable::Ours("engine".into())),
            Outcome::GraderError,
        ),
        (Ok(refusing(ErrorCode::Busy)), Outcome::Ungradable),
        (Ok(refusing(ErrorCode::NoSpace)), Outcome::Ungradable),
        (Ok(refusing(ErrorCode::Io)), Outcome::GraderError),
        (Ok(refusing(ErrorCode::Refused)), Outcome::Failed),
        (Ok(refusing(ErrorCode::Denied)), Outcome::Failed),
        (
            Ok(Fake {
                breaks: true,
                ..Fake::default()
            }),
            Outcome::GraderError,
        ),
    ] {
        let what = desk.as_ref().err().map(ToString::to_string);
        let mut sandbox = Sandbox::desk(Fake::default());
        sandbox.desk = desk;
        let result = settled(&sandbox, &file).await;
        assert_eq!(result.outcome, outcome, "{what:?} {result:?}");
        assert_eq!(result.points, 0);
        assert!(result.message.is_some());
    }
}

#[tokio::test]
async fn a_broken_connection_is_tried_once_more_over_a_new_one() {
    let mut sandbox = Sandbox::desk(Fake::default());
    sandbox.desk = Ok(Fake {
        breaks: true,
        ..Fake::default()
    });
    let result = settled(&sandbox, &check("exists", "file: {path: a}")).await;
    assert_eq!(result.outcome, Outcome::GraderError);
    assert_eq!(sandbox.connections.load(Ordering::SeqCst), 2);
    assert!(
        result.evidence.contains("looked: 2 times"),
        "{}",
        result.evidence
    );
}

#[tokio::test]
async fn a_machine_that_dies_while_it_is_looked_at_is_the_learner_s_environment() {
    let breaking = Fake {
        breaks: true,
        ..Fake::default()
    };
    let mut sandbox = Sandbox::desk(breaking);
    sandbox.desk_later = Some(Err(Unreachable::Gone));
    let result = settled(&sandbox, &check("exists", "file: {path: a}")).await;
    assert_eq!(result.outcome, Outcome::Ungradable, "{result:?}");
}

#[tokio::test]
async fn an_agent_that_is_kept_from_answering_is_the_learner_s_environment() {
    let sandbox = Sandbox::desk(Fake {
        silent: true,
        ..Fake::default()
    });
    let mut bench = Bench::default();
    bench.pace.step = Duration::from_millis(300);
    let file = check("exists", "timeout: 1s\nfile: {path: a}");
    let result = run_check(&bench.context(&sandbox), &file, Sampling::Once).await;
    assert_eq!(result.outcome, Outcome::Ungradable, "{result:?}");
}

#[tokio::test]
async fn a_grader_machine_that_is_gone_is_our_fault() {
    for grader in [Unreachable::Gone, Unreachable::Ours("engine".into())] {
        let mut sandbox = Sandbox::desk(Fake::default());
        sandbox.grader = Err(grader);
        assert_eq!(
            settled(&sandbox, &http("")).await.outcome,
            Outcome::GraderError
        );
    }
}

#[tokio::test]
async fn a_lab_that_is_wrong_is_our_fault_and_earns_nothing() {
    let sandbox = Sandbox::desk(Fake {
        file: Arc::new(|_| Ok(b"x".to_vec())),
        ..Fake::default()
    });
    for wrong in [
        "file: {machine: nowhere, path: a}",
        "file: {path: ../a}",
        "file: {path: a, content: {matches: '('}}",
        "command: {run: [ls]}",
        "command: {run: []}",
        "script: {file: missing.sh}",
        "docker: {}",
        "http: {port: 80, path: 'http://elsewhere/'}",
    ] {
        let result = settled(&sandbox, &check("wrong", wrong)).await;
        assert_eq!(result.outcome, Outcome::GraderError, "{wrong}: {result:?}");
        assert!(
            result.evidence.contains("the lab is wrong"),
            "{}",
            result.evidence
        );
    }
}

// ---- file ----

#[tokio::test]
async fn a_file_is_read_with_the_learner_s_rights_and_judged_here() {
    let sandbox = Sandbox::desk(Fake {
        file: Arc::new(|request| {
            assert_eq!(request.user, RunAs::Learner);
            match request.path.as_str() {
                "/home/learner/app/main.go" => Ok(b"package main\n".to_vec()),
                "/big" => Ok(vec![b'x'; 3 * 1024 * 1024]),
                _ => Err(no(ErrorCode::NotFound)),
            }
        }),
        ..Fake::default()
    });
    for (yaml, outcome) in [
        ("file: {path: app/main.go}", Outcome::Passed),
        (
            "file: {path: app/main.go, content: {matches: '^package main$'}}",
            Outcome::Passed,
        ),
        (
            "file: {path: app/main.go, content: {contains: func}}",
            Outcome::Failed,
        ),
        ("file: {path: app/main.go, exists: false}", Outcome::Failed),
        ("file: {path: /etc/x}", Outcome::Failed),
        ("file: {path: /etc/x, exists: false}", Outcome::Passed),
        (
            "file: {path: /big, content: {excludes: y}}",
            Outcome::Failed,
        ),
    ] {
        let result = settled(&sandbox, &check("file", yaml)).await;
        assert_eq!(result.outcome, outcome, "{yaml}: {result:?}");
    }
    let result = settled(&sandbox, &check("file", "file: {path: go.mod}")).await;
    assert_eq!(message(&result).zh, "还没做。文件 `go.mod` 不存在。");
}

#[tokio::test]
async fn what_a_check_looks_for_is_not_told_to_the_learner() {
    let sandbox = Sandbox::desk(Fake {
        file: Arc::new(|_| Ok(b"wrong".to_vec())),
        ..Fake::default()
    });
    let result = settled(
        &sandbox,
        &check("file", "file: {path: a, content: {equals: forty-two}}"),
    )
    .await;
    assert!(!message(&result).en.contains("forty-two"));
    assert!(!message(&result).zh.contains("forty-two"));
}

#[tokio::test]
async fn the_finest_text_for_the_condition_that_fails_is_said() {
    let texts = "messages:\n  content: {zh: 内容。, en: Content.}\n  \
                 content.excludes: {zh: 多余。, en: Too much.}\n  exists: {zh: 没有。, en: None.}\n";
    for (content, said) in [
        (Some("hello TODO"), "Too much. The file `a` contains"),
        (Some("bye"), "Content. The file `a` exists, but"),
        (None, "None. There is no file `a`."),
    ] {
        let sandbox = Sandbox::desk(Fake {
            file: Arc::new(move |_| match content {
                Some(text) => Ok(text.into()),
                None => Err(no(ErrorCode::NotFound)),
            }),
            ..Fake::default()
        });
        let kind = "file: {path: a, content: {contains: hello, excludes: TODO}}";
        let result = settled(&sandbox, &check("file", &format!("{texts}{kind}"))).await;
        assert!(message(&result).en.starts_with(said), "{result:?}");
    }
}

// ---- command and script ----

fn executing(
    outcome: impl Fn() -> slipway_agent::protocol::ExecOutcome + Send + Sync + 'static,
) -> Sandbox {
    Sandbox::desk(Fake {
        exec: Arc::new(move |_| Ok(outcome())),
        ..Fake::default()
    })
}

#[tokio::test]
async fn only_a_command_that_ended_by_itself_can_pass() {
    let command = check("runs", "command: {run: [/bin/true]}");
    for (status, outcome) in [
        (ExecStatus::Exited { code: 0 }, Outcome::Passed),
        (ExecStatus::Exited { code: 1 }, Outcome::Failed),
        (ExecStatus::Signaled { signal: 9 }, Outcome::Failed),
        (ExecStatus::TimedOut, Outcome::Failed),
        (
            ExecStatus::SpawnFailed {
                reason: "could not run the program: No such file".into(),
            },
            Outcome::Failed,
        ),
        (
            ExecStatus::SpawnFailed {
                reason: "could not fork: Try again".into(),
            },
            Outcome::Ungradable,
        ),
    ] {
        let status_of = status.clone();
        let sandbox = executing(move || ended(status_of.clone(), "ok"));
        let result = settled(&sandbox, &command).await;
        assert_eq!(result.outcome, outcome, "{status:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_command_runs_with_nothing_of_the_learner_s_environment() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    let sandbox = Sandbox::desk(Fake {
        exec: Arc::new(move |request| {
            requests.lock().unwrap().push(request.clone());
            Ok(exited(0, ""))
        }),
        ..Fake::default()
    });
    for user in ["learner", "root"] {
        let command = format!("command: {{run: [/usr/bin/id], user: {user}, cwd: app}}");
        settled(&sandbox, &check("runs", &command)).await;
    }
    let requests = seen.lock().unwrap().clone();
    assert_eq!(requests[0].user, RunAs::Learner);
    assert_eq!(requests[1].user, RunAs::Root);
    for request in requests {
        assert!(!request.login_env);
        assert_eq!(request.env["PATH"], "/usr/sbin:/usr/bin:/sbin:/bin");
        assert_eq!(request.cwd.as_deref(), Some("/home/learner/app"));
        let names: Vec<&str> = request.env.keys().map(String::as_str).collect();
        assert_eq!(names, ["HOME", "LANG", "LOGNAME", "PATH", "USER"]);
    }
}

#[tokio::test]
async fn a_script_s_exit_code_decides_and_its_key_picks_the_message() {
    let script = check(
        "works",
        "script: {file: check.sh, user: root, messages: {port: {zh: 端口不对。, en: Wrong port.}}}",
    );
    let mut bench = Bench::default();
    bench.files.insert("check.sh".into(), b"exit 0".to_vec());
    for (code, stdout, outcome, said) in [
        (0, "message: port", Outcome::Passed, None),
        (1, "message: port", Outcome::Failed, Some("Wrong port.")),
        (1, "message: else", Outcome::Failed, Some("Not yet.")),
        (3, "message: port", Outcome::Ungradable, Some("Wrong port.")),
        (127, "", Outcome::Failed, Some("Not yet.")),
    ] {
        let sandbox = executing(move || exited(code, stdout));
        let result = run_check(&bench.context(&sandbox), &script, Sampling::Settled).await;
        assert_eq!(result.outcome, outcome, "{code} {stdout}");
        assert_eq!(result.message.map(|m| m.en).as_deref(), said);
    }
}

#[tokio::test]
async fn a_script_that_could_not_fork_is_no_observation() {
    let mut starved = exited(2, "");
    starved.stderr = b"check: line 4: can't fork: Resource temporarily unavailable\n".to_vec();
    let sandbox = executing(move || starved.clone());
    let mut bench = Bench::default();
    bench.files.insert("check.sh".into(), b"ls".to_vec());
    let script = check("works", "script: {file: check.sh, user: root}");
    let result = run_check(&bench.context(&sandbox), &script, Sampling::Settled).await;
    assert_eq!(result.outcome, Outcome::Ungradable, "{result:?}");
}

#[tokio::test]
async fn the_sandbox_s_secret_is_not_kept_as_evidence() {
    let sandbox = executing(|| exited(1, "the password is s3cret-of-the-sandbox!"));
    let result = settled(&sandbox, &check("runs", "command: {run: [/bin/cat]}")).await;
    assert!(
        result.evidence.contains("the password is [secret]!"),
        "{}",
        result.evidence
    );
}

// ---- queue ----

fn broker(
    body: impl Fn(usize) -> (u16, String) + Send + Sync + 'static,
) -> impl Future<Output = Server> {
    Server::answering(move |n, _| {
        let (status, body) = body(n);
        response(status, &body)
    })
}

const QUEUE: &str = r#""name":"orders","durable":true"#;

#[tokio::test]
async fn a_queue_is_asked_for_as_the_grader_and_named_in_the_message() {
    let server = broker(|_| (200, format!(r#"{{{QUEUE},"messages_ready":0}}"#))).await;
    let sandbox = Sandbox::desk(Fake::default()).route("broker:15672", server.address);
    let wanted = check(
        "waits",
        "queue: {machine: broker, name: orders, ready: {min: 3}}",
    );
    let result = settled(&sandbox, &wanted).await;
    assert_eq!(result.outcome, Outcome::Failed);
    assert!(
        message(&result)
            .en
            .ends_with("0 messages are waiting; at least 3 wanted.")
    );
    assert!(
        message(&result)
            .zh
            .ends_with("等待消费的消息有 0 条，应至少为 3。")
    );
    let heads = server.heads.lock().unwrap();
    assert!(
        heads[0].starts_with("GET /api/queues/%2F/orders HTTP/1.1"),
        "{}",
        heads[0]
    );
    // `grader:s3cret-of-the-sandbox`
    assert!(
        heads[0].contains("Basic Z3JhZGVyOnMzY3JldC1vZi10aGUtc2FuZGJveA=="),
        "{}",
        heads[0]
    );
    assert_eq!(heads.len(), 3, "numbers may lag: asked three times");
}

#[tokio::test]
async fn numbers_the_broker_does_not_have_yet_are_waited_for() {
    let server = broker(|n| match n {
        0 => (200, format!("{{{QUEUE}}}")),
        _ => (200, format!(r#"{{{QUEUE},"messages_ready":3}}"#)),
    })
    .await;
    let sandbox = Sandbox::desk(Fake::default()).route("broker:15672", server.address);
    let wanted = check(
        "waits",
        "queue: {machine: broker, name: orders, ready: {min: 3}}",
    );
    assert_eq!(settled(&sandbox, &wanted).await.outcome, Outcome::Passed);
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_no_observation() {
    let wanted = check(
        "gone",
        "timeout: 1s\nqueue: {machine: broker, name: orders, exists: false}",
    );
    let sandbox = Sandbox::desk(Fake::default());
    assert_eq!(
        settled(&sandbox, &wanted).await.outcome,
        Outcome::Ungradable
    );
    for (status, outcome) in [
        (404, Outcome::Passed),
        (200, Outcome::Ungradable),
        (401, Outcome::GraderError),
        (500, Outcome::Ungradable),
    ] {
        let server = broker(move |_| (status, "{}".to_owned())).await;
        let sandbox = Sandbox::desk(Fake::default()).route("broker:15672", server.address);
        assert_eq!(
            settled(&sandbox, &wanted).await.outcome,
            outcome,
            "{status}"
        );
    }
}

// ---- docker ----

const SOCKET: &str = "/run/user/1000/docker.sock";

async fn engine() -> Server {
    Server::answering(|_, head| {
        let path = head.split(' ').nth(1).unwrap();
        let body = match path {
            "/containers/json?all=1" => {
                r#"[{"Id":"aa","Names":["/web"],"Image":"nginx:latest","ImageID":"sha256:1","State":"running",
                     "Ports":[{"PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]},
                    {"Id":"bb","Names":["/job"],"Image":"sha256:2","ImageID":"sha256:2","State":"exited","Ports":[]}]"#
            }
            "/containers/aa/json" => r#"{"State":{"ExitCode":0,"Status":"running"}}"#,
            "/containers/bb/json" => r#"{"State":{"ExitCode":0,"Status":"exited"}}"#,
            "/images/json" => {
                r#"[{"Id":"sha256:1","RepoTags":["nginx:latest"],"Size":52428800},
                    {"Id":"sha256:2","RepoTags":["hello:1.0"],"Size":5242880},
                    {"Id":"sha256:3","RepoTags":null,"Size":1}]"#
            }
            "/images/sha256:2/json" => r#"{"Config":{"ExposedPorts":{"8080/tcp":{}}}}"#,
            _ => "null",
        };
        response(200, body)
    })
    .await
}

fn docker_sandbox(server: &Server) -> Sandbox {
    let dials = [(SOCKET.to_owned(), server.address)].into();
    Sandbox::desk(Fake {
        dials,
        ..Fake::default()
    })
}

#[tokio::test]
async fn containers_and_images_are_counted_here() {
    let server = engine().await;
    let sandbox = docker_sandbox(&server);
    for (yaml, outcome) in [
        (
            "container: {name: web, image: nginx, running: true, published_port: 8080}",
            Outcome::Passed,
        ),
        ("container: {name: we}", Outcome::Failed),
        ("container: {name: web, image: hello}", Outcome::Failed),
        (
            "container: {name: web, published_port: 80}",
            Outcome::Failed,
        ),
        ("container: {name: web, exit_code: 0}", Outcome::Failed),
        (
            "container: {name: job, image: 'hello:1.0', exit_code: 0}",
            Outcome::Passed,
        ),
        ("container: {name: job, running: true}", Outcome::Failed),
        (
            "container: {name: nothing}, count: {max: 0}",
            Outcome::Passed,
        ),
        (
            "container: {running: true}, count: {min: 2}",
            Outcome::Failed,
        ),
        (
            "image: {name: hello, exposes: 8080, size_mib: {max: 20}}",
            Outcome::Passed,
        ),
        ("image: {name: 'hello:2.0'}", Outcome::Failed),
        ("image: {name: nginx, size_mib: {max: 20}}", Outcome::Failed),
    ] {
        let result = settled(&sandbox, &check("docker", &format!("docker: {{{yaml}}}"))).await;
        assert_eq!(result.outcome, outcome, "{yaml}: {result:?}");
    }
    let stopped = check("docker", "docker: {container: {name: job, running: true}}");
    let result = settled(&sandbox, &stopped).await;
    assert_eq!(message(&result).zh, "还没做。容器存在，但没有在运行。");
}

#[tokio::test]
async fn an_engine_that_answers_nonsense_is_no_observation() {
    let wanted = check(
        "docker",
        "timeout: 1s\ndocker: {container: {name: x}, count: {max: 0}}",
    );
    let mut answers: Vec<Vec<u8>> = ["null", "{}", "[{\"Id\":1}]", "[", ""]
        .iter()
        .map(|body| response(200, body))
        .collect();
    answers.push(response(500, "[]"));
    answers.push(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n[]".to_vec());
    for answer in answers {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::answering(move |_, _| answer.clone()).await;
        let result = settled(&docker_sandbox(&server), &wanted).await;
        assert_eq!(result.outcome, Outcome::Ungradable, "{shown}: {result:?}");
    }
    let result = settled(&Sandbox::desk(Fake::default()), &wanted).await;
    assert_eq!(result.outcome, Outcome::Ungradable);
}

// ---- a whole step ----

fn step(checks: Vec<Check>) -> Step {
    let title = Text::new("步", "Step");
    Step {
        id: "one".parse().unwrap(),
        title,
        text: "one".into(),
        hints: vec![],
        solution: "one.sh".into(),
        wrong: None,
        checks,
    }
}

#[tokio::test]
async fn a_step_s_results_come_in_its_order_and_commands_run_last_one_by_one() {
    let log = Arc::new(Mutex::new(Vec::<String>::new()));
    let running = Arc::new(AtomicUsize::new(0));
    let (commands, requests) = (Arc::clone(&log), Arc::clone(&log));
    let server = Server::answering(move |_, _| {
        requests.lock().unwrap().push("http".into());
        response(200, "")
    })
    .await;
    let desk = Fake {
        exec: Arc::new(move |request| {
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
            commands.lock().unwrap().push(request.argv[0].clone());
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(exited(0, ""))
        }),
        ..Fake::default()
    };
    let sandbox = Sandbox::desk(desk).route("desk:8080", server.address);
    let step = step(vec![
        check("c-one", "command: {run: [/bin/one]}"),
        check("h-one", "http: {port: 8080}"),
        check("c-two", "command: {run: [/bin/two]}"),
        check("h-two", "http: {port: 8081}"),
        check("f-one", "file: {path: a}"),
    ]);
    let bench = Bench::default();
    let results = may_be_spawned(grade_step(&bench.context(&sandbox), &step)).await;
    let seen: Vec<(&str, Outcome)> = results
        .iter()
        .map(|r| (r.check.as_str(), r.outcome))
        .collect();
    assert_eq!(
        seen,
        [
            ("c-one", Outcome::Passed),
            ("h-one", Outcome::Passed),
            ("c-two", Outcome::Passed),
            ("h-two", Outcome::Failed),
            ("f-one", Outcome::Failed),
        ]
    );
    assert_eq!(
        *log.lock().unwrap(),
        ["http", "http", "/bin/one", "/bin/two"]
    );
}

#[tokio::test]
async fn a_step_ends_at_its_bound_and_what_was_not_looked_at_earns_nothing() {
    let sandbox = Sandbox::desk(Fake {
        silent: true,
        ..Fake::default()
    });
    let mut bench = Bench::default();
    bench.pace.step = Duration::from_millis(100);
    let step = step(vec![
        check("one", "timeout: 120s\nretries: 10\nfile: {path: a}"),
        check("two", "timeout: 120s\ncommand: {run: [/bin/true]}"),
    ]);
    let results = grade_step(&bench.context(&sandbox), &step).await;
    assert!(
        results.iter().all(|r| r.outcome == Outcome::Ungradable),
        "{results:?}"
    );
}

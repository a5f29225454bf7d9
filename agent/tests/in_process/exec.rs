//! Commands and their limits.

use crate::common::{eventually, machine, machine_with, sh, text};
use slipway_agent::protocol::{ErrorCode, ExecRequest, ExecStatus, RunAs};
use std::time::Duration;

fn alive(pid: &str) -> bool {
    // A zombie that its new parent has not collected yet runs no more.
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}

#[tokio::test]
async fn a_command_gets_exactly_its_environment_input_and_files() {
    let m = machine().await;
    let request = sh("cat; cat \"$SLIPWAY_DIR/helper\"; env | sort; umask; ls \"$SLIPWAY_DIR\"")
        .env("LESSON", "one")
        .stdin("input\n")
        .file("helper", 0o644, "helped\n");
    let outcome = m.client.exec(&request).await.unwrap();
    let out = text(&outcome);
    assert!(outcome.succeeded(), "{outcome:?}");
    assert!(out.starts_with("input\nhelped\nLESSON=one\n"), "{out}");
    for line in out.lines().filter(|line| line.contains('=')) {
        let name = line.split('=').next().unwrap();
        // The last four are the shell's own.
        let known = [
            "LESSON",
            "PATH",
            "SLIPWAY_DIR",
            "PWD",
            "SHLVL",
            "_",
            "OLDPWD",
        ];
        assert!(known.contains(&name), "{line}");
    }
    assert!(out.contains("\n0022\nhelper\n"), "{out}");
}

#[tokio::test]
async fn helper_files_are_gone_afterwards() {
    let m = machine().await;
    let request = sh("echo $SLIPWAY_DIR").file("helper", 0o600, "x");
    let folder = text(&m.client.exec(&request).await.unwrap());
    assert!(folder.trim().len() > 30);
    assert!(!std::path::Path::new(folder.trim()).exists());
}

#[tokio::test]
async fn the_end_of_a_command_is_told_as_it_was() {
    let m = machine().await;
    let status = async |request: ExecRequest| m.client.exec(&request).await.unwrap().status;
    assert_eq!(status(sh("exit 7")).await, ExecStatus::Exited { code: 7 });
    assert_eq!(
        status(sh("kill -9 $$")).await,
        ExecStatus::Signaled { signal: 9 }
    );
    for missing in ["/no/such/program", "no-such-program"] {
        let ended = status(ExecRequest::new(RunAs::Root, [missing])).await;
        let ExecStatus::SpawnFailed { reason } = ended else {
            panic!("{ended:?}")
        };
        assert!(reason.contains("No such file"), "{reason}");
    }
    let request = ExecRequest {
        cwd: Some("/no/such/folder".into()),
        ..sh("true")
    };
    assert!(matches!(
        status(request).await,
        ExecStatus::SpawnFailed { .. }
    ));
}

#[tokio::test]
async fn a_hanging_check_is_killed_with_its_children() {
    let m = machine().await;
    // One child in its own session, whose parent has gone: only adoption keeps track of it.
    let script = "(setsid sh -c 'echo $$; exec sleep 1000' &) ; sleep 0.2; echo $$; sleep 1000";
    let request = sh(script).timeout(Duration::from_secs(1));
    let outcome = m.client.exec(&request).await.unwrap();
    assert_eq!(outcome.status, ExecStatus::TimedOut);
    let out = text(&outcome);
    let pids: Vec<&str> = out.lines().collect();
    assert_eq!(pids.len(), 2, "{out}");
    for pid in pids {
        eventually("dead", async || !alive(pid)).await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_kills_its_command() {
    let m = machine().await;
    let file = m.home.join("pid");
    let request = sh("echo $$ > pid; exec sleep 1000").timeout(Duration::from_secs(100));
    let running = tokio::spawn({
        let client = m.client.clone();
        async move { client.exec(&request).await }
    });
    eventually("started", async || {
        std::fs::read_to_string(&file).is_ok_and(|pid| pid.ends_with('\n'))
    })
    .await;
    let pid = std::fs::read_to_string(&file).unwrap();
    assert!(alive(&pid));
    running.abort();
    eventually("dead", async || !alive(&pid)).await;
}

#[tokio::test]
async fn a_check_that_prints_a_gigabyte_is_bounded_and_ends() {
    let m = machine().await;
    let script = "yes 0123456789abcdef | head -c 1000000000; echo done >&2";
    let request = sh(script).timeout(Duration::from_secs(120));
    let outcome = m.client.exec(&request).await.unwrap();
    assert!(outcome.succeeded());
    assert_eq!(outcome.stdout.len(), 64 * 1024);
    assert!(outcome.stdout_truncated);
    assert_eq!(outcome.stderr, b"done\n");
    assert!(!outcome.stderr_truncated);
}

#[tokio::test]
async fn a_background_child_that_keeps_the_output_open_holds_nothing_up() {
    let m = machine().await;
    let request = sh("sleep 1000 & echo $!").timeout(Duration::from_secs(100));
    let killed = m.client.exec(&request).await.unwrap();
    assert!(killed.succeeded());
    eventually("killed", async || !alive(&text(&killed))).await;
    let kept = m.client.exec(&request.keep_leftovers()).await.unwrap();
    assert!(kept.succeeded());
    assert!(alive(&text(&kept)));
    m.client
        .exec(&sh(&format!("kill {}", text(&kept))))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_command_that_never_reads_its_input_is_no_problem() {
    let m = machine().await;
    let request = sh("echo ok").stdin(vec![b'x'; 1024 * 1024]);
    assert_eq!(text(&m.client.exec(&request).await.unwrap()), "ok\n");
}

#[tokio::test]
async fn commands_beyond_the_limit_are_told_to_come_back() {
    let m = machine_with(|setup| setup.config.limits.execs = 2).await;
    let long = sh("echo up >> started; sleep 1000").timeout(Duration::from_secs(60));
    let running: Vec<_> = (0..2)
        .map(|_| {
            let (client, long) = (m.client.clone(), long.clone());
            tokio::spawn(async move { client.exec(&long).await })
        })
        .collect();
    let started = m.home.join("started");
    eventually("both run", async || {
        std::fs::read_to_string(&started).is_ok_and(|text| text.lines().count() == 2)
    })
    .await;
    let error = m.client.exec(&sh("true")).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Busy));
    running.iter().for_each(tokio::task::JoinHandle::abort);
    eventually("free again", async || {
        m.client.exec(&sh("true")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn the_start_script_gets_its_secrets_and_nobody_else_does() {
    let m = machine_with(|setup| {
        use std::os::unix::fs::PermissionsExt as _;
        setup
            .config
            .service_env
            .0
            .insert("BROKER_SECRET".into(), "swordfish".into());
        std::fs::write(
            &setup.start_script,
            "#!/bin/sh\necho \"got $BROKER_SECRET\"\n",
        )
        .unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&setup.start_script, mode).unwrap();
    })
    .await;
    eventually("logged", async || {
        m.client.service_status().await.unwrap().log_tail == b"got swordfish\n"
    })
    .await;
    for request in [
        sh("env"),
        ExecRequest {
            login_env: true,
            ..sh("env")
        },
    ] {
        assert!(!text(&m.client.exec(&request).await.unwrap()).contains("swordfish"));
    }
}

#[tokio::test]
async fn many_commands_at_once_share_the_stream() {
    let m = machine().await;
    let all: Vec<_> = (0..20)
        .map(|n| {
            let client = m.client.clone();
            let request = sh(&format!("head -c 60000 /dev/zero; echo {n} >&2"));
            tokio::spawn(async move { client.exec(&request).await.unwrap() })
        })
        .collect();
    for (n, task) in all.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        assert_eq!(outcome.stdout.len(), 60000);
        assert_eq!(outcome.stderr, format!("{n}\n").into_bytes());
    }
}

//! Checks through the real agent, run in this process: files that are traps, commands that hang,
//! flood or die, and an environment full of the learner's replacements.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "grading/fake.rs"]
mod fake;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use fake::{Bench, Server, check, response};
use slipway::{
    domain::{
        ids::Slug,
        submission::{CheckResult, Outcome},
    },
    grading::{MAX_EVIDENCE, Machines, Sampling, Secret, Unreachable, run_check},
};
use slipway_agent::{
    client::AgentClient,
    daemon::{Agent, ReapScope, Setup},
    protocol::{AgentConfig, Learner, Limits, SecretEnv},
};
use tokio::task::JoinSet;

/// A machine whose agent runs here. `desk` resolves to this host.
struct Local {
    agent: Arc<Agent>,
    home: PathBuf,
    secret: Secret,
    tasks: Mutex<JoinSet<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for Local {
    fn drop(&mut self) {
        self.agent.shut_down();
    }
}

impl Local {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        // As root, the learner is somebody else; otherwise they can only be us.
        let me = fs::metadata(&home).unwrap();
        let (uid, gid) = if me.uid() == 0 {
            (1000, 1000)
        } else {
            (me.uid(), me.gid())
        };
        chown(&home, Some(uid), Some(gid)).unwrap();
        let bin = home.join("bin");
        // What a learner may have set up: none of it may reach a check.
        let env = BTreeMap::from(
            [
                ("PATH", format!("{}:/usr/bin:/bin", bin.display())),
                ("BASH_ENV", home.join("evil.sh").display().to_string()),
                ("ENV", home.join("evil.sh").display().to_string()),
                ("LD_PRELOAD", home.join("evil.so").display().to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let agent = Agent::start(Setup {
            config: AgentConfig {
                machine: "desk".into(),
                learner: Learner {
                    name: "learner".into(),
                    uid,
                    gid,
                    home: home.to_str().unwrap().into(),
                    shell: "/bin/sh".into(),
                },
                drop_privileges: false,
                env,
                service_env: SecretEnv::default(),
                scrollback_bytes: 64 * 1024,
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
            secret: Secret::new("s3cret"),
            tasks: Mutex::default(),
            _folder: folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.home.join(name).to_str().unwrap().to_owned()
    }

    async fn look(&self, kind: &str) -> CheckResult {
        let bench = Bench::default();
        let check = check("looks", kind);
        run_check(&bench.context(self), &check, Sampling::Settled).await
    }

    async fn command(&self, run: &[&str], rest: &str) -> CheckResult {
        let run = serde_json::to_string(run).unwrap();
        let cwd = serde_json::to_string(&self.home).unwrap();
        self.look(&format!(
            "timeout: 2s\ncommand: {{run: {run}, cwd: {cwd}{rest}}}"
        ))
        .await
    }
}

impl Machines for Local {
    async fn agent(&self, _machine: &Slug) -> Result<AgentClient, Unreachable> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let serving = self.agent.clone().serve(far);
        self.tasks.lock().unwrap().spawn(serving);
        let (client, driver) = AgentClient::handshake(near).await.unwrap();
        self.tasks.lock().unwrap().spawn(driver);
        Ok(client)
    }

    async fn grader(&self) -> Result<AgentClient, Unreachable> {
        self.agent(&"grader".parse().unwrap()).await
    }

    fn address(&self, _machine: &Slug) -> String {
        "127.0.0.1".to_owned()
    }

    fn secret(&self) -> &Secret {
        &self.secret
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn traps_in_place_of_a_file_are_refused() {
    let local = Local::start();
    let fifo = local.path("fifo");
    assert!(
        Command::new("/usr/bin/mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    symlink("/dev/zero", local.home.join("zero")).unwrap();
    symlink("loop", local.home.join("loop")).unwrap();
    fs::create_dir(local.home.join("folder")).unwrap();
    for name in ["fifo", "zero", "loop", "folder"] {
        for exists in [true, false] {
            let path = local.path(name);
            let result = local
                .look(&format!(
                    "timeout: 5s\nfile: {{path: '{path}', exists: {exists}}}"
                ))
                .await;
            assert_eq!(result.outcome, Outcome::Failed, "{name}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_link_reads_no_more_than_the_learner_could() {
    let local = Local::start();
    let secret = local.home.parent().unwrap().join("secret");
    fs::write(&secret, "answer").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    symlink(&secret, local.home.join("link")).unwrap();
    let path = local.path("link");
    let result = local
        .look(&format!(
            "file: {{path: '{path}', content: {{contains: answer}}}}"
        ))
        .await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(!result.evidence.contains("answer"), "{}", result.evidence);
}

#[tokio::test]
async fn a_huge_file_is_read_up_to_the_bound() {
    let local = Local::start();
    let path = local.home.join("huge");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let path = path.display();
    let result = local
        .look(&format!(
            "file: {{path: '{path}', content: {{excludes: error}}}}"
        ))
        .await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(result.message.unwrap().zh.contains("太大"));
    assert!(result.evidence.len() <= MAX_EVIDENCE);
}

#[tokio::test]
async fn a_command_that_hangs_is_stopped_and_fails() {
    let local = Local::start();
    let result = local
        .command(
            &["/bin/sh", "-c", "trap '' TERM HUP INT; sleep 1000 & wait"],
            "",
        )
        .await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(
        result
            .message
            .unwrap()
            .en
            .contains("had not ended after 2 seconds")
    );
}

#[tokio::test]
async fn a_command_that_prints_without_end_is_bounded() {
    let local = Local::start();
    let flood = ["/bin/sh", "-c", "yes | head -c 1000000000"];
    let kind = format!(
        "timeout: 60s\ncommand: {{run: {}, cwd: '{}', stdout: {{excludes: error}}}}",
        serde_json::to_string(&flood).unwrap(),
        local.home.display(),
    );
    let result = local.look(&kind).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(
        result.evidence.contains("stdout: 65536 bytes or more"),
        "{}",
        result.evidence
    );
    assert!(result.evidence.len() <= MAX_EVIDENCE);
}

#[tokio::test]
async fn success_printed_before_a_violent_death_is_no_success() {
    let local = Local::start();
    let result = local
        .command(
            &["/bin/sh", "-c", "echo ok; kill -9 $$"],
            ", stdout: {equals: ok}",
        )
        .await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(result.evidence.contains("killed by signal: 9"));
}

#[tokio::test]
async fn the_learner_s_replacements_change_nothing() {
    let local = Local::start();
    let bin = local.home.join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["grep", "curl", "docker", "sh", "bash"] {
        executable(&bin.join(name), "#!/bin/sh\necho forged\nexit 0\n");
        executable(&local.home.join(name), "#!/bin/sh\necho forged\nexit 0\n");
    }
    for name in ["evil.sh", ".bashrc", ".profile", ".bash_profile"] {
        fs::write(local.home.join(name), "grep() { echo forged; }\nexit 0\n").unwrap();
    }
    for user in ["learner", "root"] {
        for shell in ["/bin/sh", "/bin/bash"] {
            let grep = [shell, "-c", "grep absent /etc/hostname; echo $?"];
            let honest = format!(", user: {user}, stdout: {{equals: '1'}}");
            let result = local.command(&grep, &honest).await;
            assert_eq!(
                result.outcome,
                Outcome::Passed,
                "{user} {shell}: {result:?}"
            );
        }
        let rest = format!(", user: {user}, stdout: {{excludes: evil}}");
        let result = local.command(&["/usr/bin/env"], &rest).await;
        assert_eq!(result.outcome, Outcome::Passed, "{result:?}");
    }
}

#[tokio::test]
async fn a_service_is_asked_over_the_agent_s_connection() {
    let local = Local::start();
    let server = Server::answering(|_, _| response(200, "pong")).await;
    let port = server.address.port();
    let result = local
        .look(&format!(
            "http: {{port: {port}, expect: {{body: {{equals: pong}}}}}}"
        ))
        .await;
    assert_eq!(result.outcome, Outcome::Passed, "{result:?}");
    drop(server);
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_seen_to_refuse() {
    let local = Local::start();
    // Bound and let go: nothing listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let result = local.look(&format!("http: {{port: {port}}}")).await;
    assert_eq!(result.outcome, Outcome::Failed, "{result:?}");
    assert!(result.message.unwrap().zh.contains("拒绝连接"));
    let silent = format!("http: {{port: {port}, expect: {{refused: true}}}}");
    assert_eq!(local.look(&silent).await.outcome, Outcome::Passed);
}

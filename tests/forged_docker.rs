//! Forged objects at a real Docker engine: the learner owns the engine, its socket and the ports of
//! their machine. What looks right and behaves wrongly earns nothing; the honest try beside it does.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

#[path = "grading/fake.rs"]
mod fake;
#[path = "grading/real.rs"]
mod real;
mod sandbox_support;

use fake::check;
use real::Real;
use sandbox_support::{Running, grader, image, machine, sandbox};
use slipway::{
    domain::{lab::Profile, quantity::ByteSize, submission::CheckResult},
    sandbox::MachineSpec,
};

const LAB: &str = "machines:\n  - {name: desk, image: docker, profile: docker}\n";

const RUNS: &str =
    "docker: {container: {name: web, image: nginx, running: true, published_port: 8080}}";
const ANSWERS: &str =
    "http: {port: 8080, container: web, expect: {headers: {server: {matches: '^nginx'}}}}";
/// The same without a word of who answers.
const SOMEBODY_ANSWERS: &str =
    "http: {port: 8080, expect: {headers: {server: {matches: '^nginx'}}}}";
const SCRIPT: &str = "script: {file: asks.sh, user: root}";
const ASKS: &str = r#"
PATH=/usr/bin:/bin
curl -fsS --unix-socket /run/user/1000/docker.sock http://engine/containers/json | grep -q '"/web"'
"#;

/// Answers every request on a port or a Unix socket with the same words.
const ANSWERER: &str = r#"
cat >/tmp/answerer.pl <<'PERL'
use strict; use IO::Socket::INET; use IO::Socket::UNIX;
$SIG{PIPE} = "IGNORE";
my ($where, $head, $body) = @ARGV;
my $server = $where =~ m{^/}
    ? IO::Socket::UNIX->new(Type => SOCK_STREAM(), Local => $where, Listen => 9)
    : IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $where, Listen => 9, ReuseAddr => 1);
$server or die "$!";
while (my $one = $server->accept) {
    while (my $line = <$one>) { last if $line =~ /^\r?\n$/ }
    print $one "HTTP/1.1 200 OK\r\n", ($head && "$head\r\n"), "content-length: ", length($body), "\r\n\r\n$body";
    close $one;
}
PERL
"#;

const FORGED_WEB: &str = r#"[{"Id":"aa","Names":["/web"],"Image":"nginx","ImageID":"sha256:aa","State":"running","Ports":[{"PublicPort":8080,"Type":"tcp"}],"RepoTags":["nginx:latest"]}]"#;

async fn desk() -> Running {
    let desk = MachineSpec {
        image: image("docker").await,
        memory: ByteSize::mib(768),
        cpus: 1.5,
        disk: ByteSize::mib(256),
        ..machine("desk", Profile::Docker).await
    };
    let mut spec = sandbox(vec![desk]);
    spec.grader = Some(grader().await);
    let running = Running::start(spec).await;
    running.agent("desk").await.becomes_ready().await;
    running
}

#[tokio::test]
async fn a_learner_who_owns_the_engine_earns_nothing_by_forging() {
    let running = desk().await;
    let agent = running.agent("desk").await;
    let real = Real::new(&running, LAB, &[("asks.sh", ASKS)]);
    let look = async |kind: &str| -> CheckResult {
        real.look(&check("looks", &format!("timeout: 30s\n{kind}")))
            .await
    };
    let earned = async |kinds: &[&str]| {
        for kind in kinds {
            let result = look(kind).await;
            assert_eq!(result.points, 10, "{kind}: {result:?}");
        }
    };
    let refused = async |kind: &str, said: &str| {
        let result = look(kind).await;
        assert_eq!(result.points, 0, "{kind}: {result:?}");
        let message = result.message.unwrap().en;
        assert!(message.contains(said), "{kind}: {message}");
    };
    let learner = async |script: &str| {
        let script = format!("export DOCKER_HOST=unix:///run/user/1000/docker.sock\n{script}");
        agent.learner_keeping(&script).await.ok()
    };
    learner(ANSWERER).await;

    // --- the honest try
    let honest = "docker run -d --name web -p 8080:80 nginx";
    learner(honest).await;
    earned(&[RUNS, ANSWERS, SCRIPT]).await;

    // --- another image under the right name, which does nothing
    learner("docker rm -f web && docker tag busybox nginx:latest && docker run -d --name web -p 8080:80 nginx sleep 10000")
        .await;
    refused(RUNS, "made from the image `nginx`").await;
    refused(ANSWERS, "").await;

    // --- the right image and name, and a container that answers nothing
    learner("docker rm -f web && docker tag nginx:1.26 nginx:latest && docker run -d --name web -p 8080:80 nginx sleep 10000")
        .await;
    earned(&[RUNS]).await;
    refused(ANSWERS, "").await;

    // --- a process beside the container, which has the port and the right words
    learner("docker rm -f web").await;
    learner("docker run -d --name web nginx sleep 10000").await;
    learner("perl /tmp/answerer.pl 8080 'server: nginx' welcome >/dev/null 2>&1 & echo $! >/tmp/forging; for i in $(seq 50); do curl -fsS http://127.0.0.1:8080/ && exit 0; sleep 0.1; done; exit 1")
        .await;
    earned(&[SOMEBODY_ANSWERS]).await;
    refused(RUNS, "not published on port 8080").await;
    refused(ANSWERS, "not published on port 8080").await;
    learner("kill $(cat /tmp/forging) && docker rm -f web").await;

    // --- an engine that says what a check would like to hear
    let socket = "/run/user/1000/docker.sock";
    learner(&format!("mv {socket} {socket}.real; perl /tmp/answerer.pl {socket} '' '{FORGED_WEB}' >/dev/null 2>&1 & echo $! >/tmp/forging; for i in $(seq 50); do curl -fsS --unix-socket {socket} http://engine/containers/json | grep -q web && exit 0; sleep 0.1; done; exit 1"))
        .await;
    for forged in [RUNS, SCRIPT] {
        refused(forged, "not the machine's own").await;
    }
    learner(&format!(
        "kill $(cat /tmp/forging) && mv {socket}.real {socket}"
    ))
    .await;

    // --- and honestly once more: nothing of this is held against anybody
    learner(honest).await;
    earned(&[RUNS, ANSWERS, SCRIPT]).await;
}

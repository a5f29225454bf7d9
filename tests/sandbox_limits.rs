//! Each limit of each profile, with a test that tries to break it, against a real engine.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod sandbox_support;

use std::net::Ipv4Addr;

use sandbox_support::{Agent, Output, Running, grader, image, machine, sandbox};
use slipway::{
    domain::{
        lab::{Network, Profile},
        quantity::ByteSize,
    },
    sandbox::{Engine, MachineSpec, MachineState, SandboxSpec, profiles},
};
use slipway_agent::protocol::ExecStatus;
use tokio::net::TcpListener;

const MIB: u64 = 1 << 20;

/// A sandbox with one machine of each profile that the base image can show (`plain` and `root`).
async fn both() -> (Running, Agent, Agent) {
    let mut root = machine("rooted", Profile::Root).await;
    root.cpus = 0.5;
    let running = Running::start(sandbox(vec![machine("desk", Profile::Plain).await, root])).await;
    let (plain, root) = (running.agent("desk").await, running.agent("rooted").await);
    (running, plain, root)
}

/// One machine with the nested engine's image and settings.
async fn nested() -> (Running, Agent) {
    let running = Running::start(sandbox(vec![nested_machine().await])).await;
    let agent = running.agent("desk").await;
    (running, agent)
}

async fn nested_machine() -> MachineSpec {
    MachineSpec {
        image: image("docker").await,
        memory: ByteSize::mib(512),
        cpus: 1.5,
        disk: ByteSize::mib(256),
        ..machine("desk", Profile::Docker).await
    }
}

fn nested_client(script: &str) -> String {
    format!("export DOCKER_HOST=unix:///run/user/1000/docker.sock; {script}")
}

async fn still_runs(running: &Running) {
    let observed = running.engine.observe().await.unwrap();
    assert!(
        observed[0]
            .machines
            .iter()
            .all(|m| m.state == MachineState::Running),
        "{observed:?}"
    );
}

// --- memory -----------------------------------------------------------------------------------

/// Fills memory without end: the kernel must stop it.
const MEMORY_BOMB: &str = "exec tail /dev/zero";

fn killed(output: &Output) {
    let by_kernel = matches!(
        output.status,
        ExecStatus::Signaled { signal: 9 } | ExecStatus::Exited { code: 137 }
    );
    assert!(by_kernel, "{output:?}");
}

#[tokio::test]
async fn a_memory_bomb_is_killed_and_its_machine_lives_on() {
    let (running, plain, root) = both().await;
    for agent in [&plain, &root] {
        killed(&agent.learner(MEMORY_BOMB).await);
        agent.learner("true").await.ok();
    }
    still_runs(&running).await;
}

#[tokio::test]
async fn a_memory_bomb_beside_a_nested_engine_is_killed_and_the_machine_lives_on() {
    let (running, agent) = nested().await;
    agent.becomes_ready().await;
    killed(&agent.learner(MEMORY_BOMB).await);
    agent.learner("true").await.ok();
    still_runs(&running).await;
}

#[tokio::test]
async fn the_memory_limit_covers_processes_and_all_that_can_be_written() {
    let (running, plain, root) = both().await;
    for (agent, spec) in [&plain, &root].into_iter().zip(&running.spec.machines) {
        let seen = agent
            .root("cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes")
            .await
            .ok();
        let limit = profiles::settings(spec).memory_bytes;
        assert_eq!(seen.parse::<u64>().unwrap(), limit);
        assert!(limit > 128 * MIB);
    }
}

// --- processes --------------------------------------------------------------------------------

/// Counts how many sleepers could be started, and takes them away again.
const FORK_BOMB: &str = "n=0; i=0; while [ $i -lt 1200 ]; do i=$((i+1)); \
    (sleep 30 &) 2>/dev/null && n=$((n+1)); done; ls -d /proc/[0-9]* | wc -l";

async fn forks(agent: &Agent) -> u32 {
    // The shell itself may be refused a fork: then it ends, and that is an answer as well.
    let output = agent.learner(FORK_BOMB).await;
    output
        .stdout
        .trim()
        .lines()
        .last()
        .and_then(|l| l.parse().ok())
        .unwrap_or(0)
}

/// The kernel's own count of processes it refused: the bomb did reach the limit.
async fn refused_forks(agent: &Agent) {
    let script =
        "cat /sys/fs/cgroup/pids.events 2>/dev/null || cat /sys/fs/cgroup/pids/pids.events";
    let events = agent.root(script).await.ok();
    let count = events.strip_prefix("max ").and_then(|n| n.lines().next());
    assert!(count.is_some_and(|n| n != "0"), "{events}");
}

#[tokio::test]
async fn a_fork_bomb_stops_at_the_limit_and_the_agent_still_answers() {
    let (running, plain, root) = both().await;
    for (agent, spec) in [&plain, &root].into_iter().zip(&running.spec.machines) {
        let limit = profiles::settings(spec).pids;
        let peak = agent
            .root("cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max")
            .await
            .ok();
        assert_eq!(peak, limit.to_string());
        assert!(forks(agent).await <= limit);
        refused_forks(agent).await;
        // Those it left were killed with it.
        agent.learner("true").await.ok();
    }
    still_runs(&running).await;
}

#[tokio::test]
async fn a_fork_bomb_beside_a_nested_engine_stops_at_the_limit() {
    let (running, agent) = nested().await;
    let limit = profiles::settings(&running.spec.machines[0]).pids;
    assert!(forks(&agent).await <= limit);
    refused_forks(&agent).await;
    agent.learner("true").await.ok();
    still_runs(&running).await;
}

// --- disk -------------------------------------------------------------------------------------

/// Writes until refused; says how many MiB there was room for.
async fn fill(agent: &Agent, folder: &str) -> u64 {
    let script = format!(
        "head -c 900m /dev/zero >{folder}/fill 2>/dev/null; stat -c %s {folder}/fill; rm {folder}/fill"
    );
    agent.learner(&script).await.ok().parse::<u64>().unwrap() / MIB
}

/// Makes empty files until refused; says how many.
async fn fill_with_files(agent: &Agent, folder: &str) -> u64 {
    let script = format!(
        "mkdir {folder}/f && cd {folder}/f && seq 40000 | xargs -n 500 touch 2>/dev/null; \
         ls -f | wc -l; cd /; rm -rf {folder}/f"
    );
    agent.learner(&script).await.ok().parse().unwrap()
}

#[tokio::test]
async fn every_writable_folder_is_full_at_its_limit() {
    let (running, plain, root) = both().await;
    for (agent, spec) in [&plain, &root].into_iter().zip(&running.spec.machines) {
        let settings = profiles::settings(spec);
        for folder in ["/tmp", "/var/tmp", "/dev/shm"] {
            let limit = &settings.tmpfs[folder];
            assert_eq!(fill(agent, folder).await, limit.bytes / MIB, "{folder}");
            assert!(
                fill_with_files(agent, folder).await <= limit.inodes + 2,
                "{folder}"
            );
        }
        assert_eq!(fill(agent, "/home/learner").await, spec.disk.bytes() / MIB);
        assert!(fill_with_files(agent, "/home/learner").await < 3000);
    }
    still_runs(&running).await;
}

#[tokio::test]
async fn a_nested_engine_s_data_is_full_at_its_limit() {
    let (running, agent) = nested().await;
    let limit = running.spec.machines[0].disk.bytes() / MIB;
    let written = fill(&agent, "/var/lib/docker").await;
    assert!(written <= limit && written > limit / 2, "{written}");
    assert!(fill(&agent, "/home/learner").await <= 128);
    still_runs(&running).await;
}

#[tokio::test]
async fn nothing_else_can_be_written_not_even_by_root() {
    let (_running, plain, root) = both().await;
    let script = "for d in / /etc /usr /var /var/lib /opt /.slipway /sys /sys/fs/cgroup /proc/sys/kernel; do \
        touch $d/x 2>/dev/null && echo $d; done; find / -xdev -type d -writable 2>/dev/null | grep -v '^/proc'; true";
    assert_eq!(
        plain.learner(script).await.ok(),
        "/tmp\n/var/tmp\n/home/learner"
    );
    let by_root = "for d in / /etc /usr /var /.slipway /sys /proc/sys/kernel; do touch $d/x 2>/dev/null && echo $d; done; true";
    assert_eq!(root.learner(by_root).await.ok(), "");
    // The limits themselves. (With cgroup v1 the folder above the controllers is in the machine's own
    // memory and can be written to by root; the controllers below it can't.)
    let limits = "for f in pids.max pids/pids.max memory.max memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us; do \
        [ -e /sys/fs/cgroup/$f ] && echo 1000000000 >/sys/fs/cgroup/$f && exit 0; done; \
        mkdir /sys/fs/cgroup/memory/x";
    for agent in [&plain, &root] {
        agent.learner(limits).await.refused();
    }
    let agent = "mv /.slipway/agent /.slipway/other || echo x >/.slipway/agent";
    root.learner(agent).await.refused();
}

// --- files and processor ----------------------------------------------------------------------

#[tokio::test]
async fn open_files_and_core_dumps_are_limited_for_good() {
    let (_running, plain, root) = both().await;
    for agent in [&plain, &root] {
        assert_eq!(
            agent.learner("ulimit -n; ulimit -Hn; ulimit -c").await.ok(),
            "1024\n1024\n0"
        );
        agent.learner("ulimit -n 4096").await.refused();
    }
}

#[tokio::test]
async fn the_processor_quota_is_set() {
    let (_running, plain, root) = both().await;
    let script = "if [ -e /sys/fs/cgroup/cpu.max ]; then cat /sys/fs/cgroup/cpu.max; else \
        echo $(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us); fi";
    assert_eq!(plain.root(script).await.ok(), "100000 100000");
    assert_eq!(root.root(script).await.ok(), "50000 100000");
}

#[tokio::test]
async fn the_limits_beside_a_nested_engine_are_set() {
    let (running, agent) = nested().await;
    let settings = profiles::settings(&running.spec.machines[0]);
    let script = "ulimit -n; ulimit -Hn; ulimit -c; cd /sys/fs/cgroup; \
        if [ -e cpu.max ]; then cut -d' ' -f1 cpu.max; cat memory.max pids.max; \
        else cat cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes pids/pids.max; fi";
    let (memory, pids) = (settings.memory_bytes, settings.pids);
    assert_eq!(
        agent.learner(script).await.ok(),
        format!("8192\n8192\n0\n150000\n{memory}\n{pids}")
    );
    let folders = "for d in / /etc /usr /var /.slipway /sys; do touch $d/x 2>/dev/null && echo $d; done; true";
    assert_eq!(agent.learner(folders).await.ok(), "");
}

// --- privileges -------------------------------------------------------------------------------

const STATUS: &str =
    "grep -E '^(Uid|Gid|Groups|Cap[A-Z][a-z]*|NoNewPrivs|Seccomp):' /proc/self/status";

async fn status(agent: &Agent) -> String {
    agent.learner(STATUS).await.ok().replace('\t', " ")
}

#[tokio::test]
async fn the_privileges_of_a_learner_s_process_are_these_and_no_others() {
    let (_running, plain, root) = both().await;
    let (_nested, docker) = nested().await;
    insta::assert_snapshot!("plain", status(&plain).await);
    insta::assert_snapshot!("root", status(&root).await);
    insta::assert_snapshot!("docker", status(&docker).await);
}

#[tokio::test]
async fn mounts_namespaces_devices_and_the_kernel_s_settings_are_refused() {
    let (_running, plain, root) = both().await;
    for agent in [&plain, &root] {
        for attempt in [
            "mount -t tmpfs none /mnt",
            "mount --bind /etc /mnt",
            "busybox umount /proc/kcore",
            "unshare -m true",
            "unshare -U true",
            "unshare -n true",
            "mknod /tmp/disk b 8 0",
            "mknod /tmp/mem c 1 1",
            "chroot / true",
            "busybox nsenter -t 1 -m true",
            "hostname other",
            "date -s 2001-01-01",
            "busybox insmod /nothing.ko || busybox rmmod loop",
            "dmesg",
            "echo x >/proc/sys/kernel/core_pattern",
            "echo 1 >/proc/sys/net/ipv4/ip_forward",
            "echo 1 >/proc/sysrq-trigger",
            "ip link add x type dummy",
            "ip addr add 10.0.0.1/8 dev eth0",
            "ip route add default via 10.0.0.1",
            "cat /proc/kcore | head -c 1 | grep -q .",
            "renice -n -5 $$",
            "cat /proc/1/environ | grep -q .",
            "cat /.slipway/config.json /proc/1/environ /proc/1/mem | grep -q .",
        ] {
            // Root may read the machine's own configuration: it is its own.
            if attempt.contains("config.json") && std::ptr::eq(agent, &raw const root) {
                continue;
            }
            agent.learner(attempt).await.refused();
        }
    }
}

#[tokio::test]
async fn a_nested_engine_s_wider_settings_do_not_reach_the_host() {
    let (_running, agent) = nested().await;
    agent.becomes_ready().await;
    for attempt in [
        "mount -t tmpfs none /mnt",
        "mknod /tmp/disk b 8 0",
        "dmesg",
        "echo x >/proc/sys/kernel/core_pattern",
        "unshare -Urm sh -c 'echo x >/proc/sys/kernel/core_pattern'",
        "unshare -Urm mknod /tmp/disk b 8 0",
        "unshare -Urm sh -c 'mount -t devtmpfs none /mnt && ls /mnt/sda'",
        "echo 1 >/proc/sysrq-trigger",
        "cat /proc/1/environ | grep -q .",
        "cat /.slipway/config.json",
        "docker run --rm --privileged busybox:1.37 sh -c 'echo x >/proc/sys/kernel/core_pattern'",
        "docker run --rm --pid host busybox:1.37 cat /.slipway/config.json",
        "docker run --rm -v /.slipway:/s busybox:1.37 cat /s/config.json",
    ] {
        agent.learner(&nested_client(attempt)).await.refused();
    }
    // The engine itself works.
    agent
        .learner(&nested_client("docker run --rm busybox:1.37 true"))
        .await
        .ok();
}

#[tokio::test]
async fn there_is_no_engine_to_be_reached_but_the_nested_one() {
    let (_running, plain, root) = both().await;
    for agent in [&plain, &root] {
        let script = "find / -xdev -name 'docker.sock' -o -xdev -name 'containerd.sock' -o -xdev -name 'podman.sock' 2>/dev/null; \
            ls /var/run/docker.sock /run/docker.sock /run/containerd 2>/dev/null; true";
        assert_eq!(agent.learner(script).await.ok(), "");
    }
    let (_nested, docker) = nested().await;
    docker.becomes_ready().await;
    // Of our own machines the nested engine knows nothing.
    assert_eq!(
        docker.learner(&nested_client("docker ps -aq")).await.ok(),
        ""
    );
}

// --- network ----------------------------------------------------------------------------------

/// Every IPv4 address of this machine.
fn host_addresses() -> Vec<Ipv4Addr> {
    let out = std::process::Command::new("ip")
        .args(["-4", "-o", "addr"])
        .output()
        .unwrap();
    String::from_utf8(out.stdout)
        .unwrap()
        .split_whitespace()
        .filter_map(|word| word.split_once('/')?.0.parse().ok())
        .filter(|address: &Ipv4Addr| !address.is_loopback())
        .collect()
}

async fn address_of(agent: &Agent) -> Ipv4Addr {
    let script = "ip -4 -o addr show dev eth0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'";
    agent.learner(script).await.ok().parse().unwrap()
}

/// Whether a connection is taken.
async fn reaches(agent: &Agent, host: &str, port: u16) -> bool {
    let script = format!("timeout 2 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null");
    agent.learner(&script).await.status == ExecStatus::Exited { code: 0 }
}

/// Answers on a port of every address of this machine.
async fn host_service() -> (u16, tokio_util::task::AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.try_write(b"reached\n");
        }
    });
    (port, tokio_util::task::AbortOnDropHandle::new(serving))
}

async fn listens(agent: &Agent, port: u16) {
    let script = format!(
        "busybox nc -ll -p {port} -e /bin/true </dev/null >/dev/null 2>&1 & \
         for i in $(seq 50); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit 0; sleep 0.1; done; exit 1"
    );
    let script = format!("exec bash -c '{script}'");
    agent.learner_keeping(&script).await.ok();
}

#[tokio::test]
async fn machines_of_one_sandbox_reach_each_other_and_those_of_others_do_not() {
    let mut spec: SandboxSpec = sandbox(vec![
        machine("desk", Profile::Plain).await,
        machine("server", Profile::Plain).await,
    ]);
    spec.grader = Some(grader().await);
    let mine = Running::start(spec).await;
    let theirs = Running::start(sandbox(vec![machine("other", Profile::Plain).await])).await;
    let (desk, server, other) = (
        mine.agent("desk").await,
        mine.agent("server").await,
        theirs.agent("other").await,
    );
    listens(&server, 8080).await;
    listens(&other, 8080).await;
    let (server_at, other_at) = (address_of(&server).await, address_of(&other).await);

    assert!(reaches(&desk, "server", 8080).await);
    assert!(reaches(&desk, &server_at.to_string(), 8080).await);
    assert!(!reaches(&desk, "other", 8080).await);
    assert!(!reaches(&desk, &other_at.to_string(), 8080).await);
    assert!(!reaches(&other, &server_at.to_string(), 8080).await);
    let by_name = format!("slipway-{}-g0-other", theirs.spec.id);
    assert!(!reaches(&desk, &by_name, 8080).await);
    let over_ipv6 = "ip -6 addr show dev eth0 | grep inet6";
    desk.learner(over_ipv6).await.refused();
    // The grader looks from outside, by name.
    let grader = mine.agent("grader").await;
    grader
        .root("/bin/busybox nc -w 2 server 8080 </dev/null")
        .await
        .ok();
}

#[tokio::test]
async fn the_host_s_services_are_out_of_reach_from_every_profile() {
    let (port, _serving) = host_service().await;
    let (running, plain, root) = both().await;
    let (_nested, docker) = nested().await;
    let addresses = host_addresses();
    assert!(!addresses.is_empty());
    for agent in [&plain, &root, &docker] {
        let own = address_of(agent).await;
        // Where a bridge has its address, if it has one.
        let gateway = Ipv4Addr::from_bits((own.to_bits() & !15) + 1);
        for address in addresses.iter().copied().chain([gateway]) {
            assert!(
                !reaches(agent, &address.to_string(), port).await,
                "{address}"
            );
        }
        for name in ["host.docker.internal", "gateway.docker.internal"] {
            assert!(!reaches(agent, name, port).await, "{name}");
        }
    }
    // The service was there to be reached.
    tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .unwrap();
    still_runs(&running).await;
}

#[tokio::test]
async fn neither_metadata_services_nor_the_internet_nor_names_are_a_way_out() {
    let (_running, plain, root) = both().await;
    for agent in [&plain, &root] {
        assert!(!reaches(agent, "169.254.169.254", 80).await);
        assert!(!reaches(agent, "1.1.1.1", 443).await);
        for name in [
            "example.com",
            "deb.debian.org",
            "secret-in-a-name.example.com",
        ] {
            agent
                .learner(&format!("getent hosts {name}"))
                .await
                .refused();
        }
        // Nor by asking the engine's resolver itself.
        let asked = "busybox timeout 5 busybox nslookup deb.debian.org 127.0.0.11 | grep -A9 Name: | grep -q Address";
        agent.learner(asked).await.refused();
    }
}

#[tokio::test]
async fn a_way_to_the_internet_is_none_to_the_host_or_to_private_networks() {
    let (port, _serving) = host_service().await;
    let mut spec = sandbox(vec![
        machine("desk", Profile::Plain).await,
        machine("server", Profile::Plain).await,
    ]);
    spec.network = Network::Internet;
    let engine = sandbox_support::engine();
    let refused = engine.info().await.unwrap().internet_refused;
    if let Some(why) = refused {
        // Then such labs are refused, and not run without the rules.
        assert!(engine.create(&spec).await.is_err(), "{why}");
        return;
    }
    let running = Running::start_on(engine, spec).await;
    let desk = running.agent("desk").await;
    for address in host_addresses() {
        assert!(
            !reaches(&desk, &address.to_string(), port).await,
            "{address}"
        );
    }
    let gateway = Ipv4Addr::from_bits((address_of(&desk).await.to_bits() & !15) + 1);
    assert!(!reaches(&desk, &gateway.to_string(), port).await);
    assert!(!reaches(&desk, "169.254.169.254", 80).await);
    let server = running.agent("server").await;
    listens(&server, 8080).await;
    assert!(reaches(&desk, "server", 8080).await);
    // There is a route out; whether anything answers depends on where the test runs.
    desk.learner("ip route | grep -q ^default").await.ok();
}

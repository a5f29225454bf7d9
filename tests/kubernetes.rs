//! A cluster of a sandbox, on a real engine: that it becomes ready and runs pods, that forged objects
//! earn nothing, and that neither pods nor the learner reach what is the server's.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

#[path = "grading/fake.rs"]
mod fake;
#[path = "kubernetes/forged.rs"]
mod forged;
#[path = "grading/real.rs"]
mod real;
mod sandbox_support;

use std::collections::BTreeMap;

use real::SECRET;
use sandbox_support::{Agent, Running, grader, image, machine, sandbox};
use slipway::{
    domain::{
        cluster::{CONTROL, Cluster, ClusterEnvironment, NODES},
        lab::Profile,
        quantity::ByteSize,
    },
    sandbox::MachineSpec,
};

/// A cluster of one real node with a desk beside it.
async fn cluster() -> (Running, Agent, Agent, Agent) {
    let cluster = Cluster {
        at_least: "1.20".parse().unwrap(),
        nodes: 1,
        hollow_nodes: 0,
    };
    let service_env = BTreeMap::from([
        ("SLIPWAY_GRADER_SECRET".to_owned(), SECRET.to_owned()),
        ("SLIPWAY_NODES".to_owned(), "1".to_owned()),
        ("SLIPWAY_HOLLOW_NODES".to_owned(), "0".to_owned()),
    ]);
    let mut machines = vec![MachineSpec {
        image: image("kubernetes-desk").await,
        memory: ByteSize::mib(256),
        service_env: service_env.clone(),
        ..machine("desk", Profile::Plain).await
    }];
    for part in ClusterEnvironment::built_in().unwrap().machines(&cluster) {
        machines.push(MachineSpec {
            name: part.name.clone(),
            image: image(part.image.as_str()).await,
            profile: part.profile,
            memory: part.memory,
            cpus: part.cpus,
            disk: part.disk,
            env: BTreeMap::new(),
            service_env: service_env.clone(),
            keep_home: false,
        });
    }
    let mut spec = sandbox(machines);
    spec.grader = Some(grader().await);
    let running = Running::start(spec).await;
    let (desk, control, nodes) = (
        running.agent("desk").await,
        running.agent(CONTROL).await,
        running.agent(NODES).await,
    );
    for agent in [&control, &nodes, &desk] {
        agent.becomes_ready().await;
    }
    (running, desk, control, nodes)
}

/// A pod that asks for all the host there is.
const PRYING_POD: &str = r#"
kubectl apply -f - <<'POD'
apiVersion: v1
kind: Pod
metadata: {name: prying}
spec:
  hostPID: true
  hostNetwork: true
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: busybox:1.37
    command: [sleep, "100000"]
    volumeMounts: [{name: host, mountPath: /host}]
  volumes: [{name: host, hostPath: {path: /}}]
POD
kubectl wait --for=condition=Ready pod/prying --timeout=50s
"#;

#[tokio::test]
async fn a_cluster_runs_pods_and_keeps_what_is_the_server_s() {
    let (running, desk, control, nodes) = cluster().await;

    // --- it works: from a manifest to an answer on a port of the cluster
    desk.learner("kubectl create deployment web --image=hello:1 && kubectl expose deployment web --type=NodePort --port=80 --target-port=8080")
        .await
        .ok();
    desk.learner("kubectl rollout status deployment/web --timeout=55s")
        .await
        .ok();
    let answer = desk
        .learner("port=$(kubectl get service web -o jsonpath='{.spec.ports[0].nodePort}'); for i in $(seq 50); do curl -fsS -m 2 http://nodes:$port/ && exit 0; sleep 0.2; done; exit 1")
        .await
        .ok();
    assert!(answer.starts_with("hello v1 from web-"), "{answer}");
    desk.learner("kubectl logs deployment/web | grep -q listens")
        .await
        .ok();
    let asked = "kubectl exec deployment/web -- wget -q -O- http://web.default.svc.cluster.local";
    assert!(desk.learner(asked).await.ok().contains("hello v1"));
    let api = "curl -fsS --unix-socket /run/slipway-kubernetes/api.sock http://localhost/api/v1/namespaces/default/secrets";
    assert!(control.learner(api).await.ok().contains("SecretList"));

    // --- what the learner only writes into the cluster is told from what runs
    forged::objects_earn_nothing(&running, &desk).await;

    // --- what is the server's stays there
    desk.learner(PRYING_POD).await.ok();
    for attempt in [
        // Neither the keys of the control plane nor the server's socket are on this machine …
        "find /host/run /host/var/lib/kubernetes /host/home -name ca.key -o -name sa.key -o -name server.token -o -name api.sock | grep .",
        // … nor is the secret, or what only the machine's root may read.
        "cat /host/.slipway/config.json",
        "cat /proc/*/environ /host/proc/*/environ 2>/dev/null | grep -a SLIPWAY_GRADER_SECRET",
        // And root of a node is nobody outside of it.
        "mknod /tmp/disk b 8 0",
        "mount -t tmpfs none /mnt",
        "dmesg | grep .",
        "echo x >/host/proc/sys/kernel/core_pattern",
        "echo 1 >/host/proc/sysrq-trigger",
        "ls /host/dev/sda /host/dev/vda",
        "echo x >/host/etc/passwd",
    ] {
        // Shown when the test fails.
        eprintln!("in a pod: {attempt}");
        let inside = format!("kubectl exec prying -- sh -c '{attempt}'");
        desk.learner(&inside).await.refused();
    }
    for attempt in [
        "grep -qa SLIPWAY_GRADER_SECRET /proc/*/environ",
        "cat /.slipway/config.json",
        "curl -fsS -m 5 http://control:2381/health",
        "curl -fsSk -m 5 https://control:2379/health",
        "curl -fsSk -m 5 https://control:6443/api/v1/secrets",
        "curl -fsSk -m 5 -X POST https://nodes:8443/v1/nodes/node1/off",
        "curl -fsSk -m 5 --proxy-insecure -x https://nodes:8443 https://172.30.0.11:10250/pods",
    ] {
        eprintln!("at the desk: {attempt}");
        desk.learner(attempt).await.refused();
    }

    // --- the profile's wider settings do not reach the host
    for attempt in [
        "mount -t tmpfs none /mnt",
        "mknod /tmp/disk b 8 0",
        "dmesg | grep .",
        "echo x >/proc/sys/kernel/core_pattern",
        "unshare -Urm sh -c 'echo x >/proc/sys/kernel/core_pattern'",
        "unshare -Urm mknod /tmp/disk b 8 0",
        "unshare -Urm sh -c 'mount -t devtmpfs none /mnt && ls /mnt/sda'",
        "cat /proc/1/environ | grep -q .",
        "cat /.slipway/config.json",
    ] {
        eprintln!("beside the nodes: {attempt}");
        nodes.learner(attempt).await.refused();
    }

    // --- a node has a power button
    desk.learner("node off node1 && test \"$(node list)\" = \"$(printf 'node1\\toff')\"")
        .await
        .ok();
    desk.learner("kubectl wait --for=condition=Ready=Unknown node/node1 --timeout=50s")
        .await
        .ok();
    desk.learner("node on node1 && kubectl wait --for=condition=Ready node/node1 --timeout=50s")
        .await
        .ok();
}

//! Forged objects of a real cluster, whose administrator the learner is: what says that it runs
//! and does not earns nothing; the honest try beside it does.

use slipway::domain::submission::CheckResult;

use crate::{
    fake::check,
    real::Real,
    sandbox_support::{Agent, Running},
};

const LAB: &str = "kubernetes: {at_least: '1.20', nodes: 1}\nmachines:\n  \
    - {name: desk, image: kubernetes-desk, profile: plain}\n  \
    - {name: nodes, image: kubernetes-nodes, profile: plain}\n";

/// Functions of the learner's shell. `status` writes what it likes into an object's status;
/// `answer` has a port of the desk say what a pod would.
const TOOLS: &str = r#"
status() { kubectl get --raw "$1" | jq -c "del(.metadata.resourceVersion) | $2" >/tmp/object && kubectl replace --raw "$1/status" -f /tmp/object >/dev/null; }
try() { for _ in $(seq 150); do "$@" && return; sleep 0.2; done; return 1; }
cat >/tmp/answer.pl <<'PERL'
use strict; use IO::Socket::INET; $SIG{PIPE} = "IGNORE";
my $server = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 8000, Listen => 9, ReuseAddr => 1) or die "$!";
while (my $one = $server->accept) {
    while (my $line = <$one>) { last if $line =~ /^\r?\n$/ }
    print $one "HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\nhello v1 from web-abc-def";
    close $one;
}
PERL
"#;

/// A node that nobody runs, and a deployment whose pods are bound to it and say they are ready.
const GHOST: &str = r#"
kubectl apply -f - <<'YAML' || exit 1
apiVersion: v1
kind: Node
metadata: {name: node9}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ghost}
spec:
  selector: {matchLabels: {app: ghost}}
  template:
    metadata: {labels: {app: ghost}}
    spec:
      nodeName: node9
      tolerations: [{operator: Exists}]
      containers: [{name: main, image: 'hello:1'}]
YAML
ready='{type: "Ready", status: "True", reason: "Fine", lastHeartbeatTime: (now | todate), lastTransitionTime: (now | todate)}'
pod() { kubectl get pods -l app=ghost -o name | grep .; }
try pod || exit 1
name=$(pod | sed s,pod/,,)
# Controllers notice that nobody is there: it is written again and again.
while sleep 0.5; do
    status /api/v1/nodes/node9 ".status.conditions = [$ready]"
    status /api/v1/namespaces/default/pods/$name ".status |= {phase: \"Running\", podIP: \"10.244.1.99\", conditions: [$ready | del(.lastHeartbeatTime)],
        containerStatuses: [{name: \"main\", ready: true, started: true, restartCount: 1, image: \"hello:1\", imageID: \"x\",
            state: {running: {startedAt: (now | todate)}}, lastState: {terminated: {exitCode: 1}}}]}"
done >/dev/null 2>&1 & echo $! >/tmp/forging
said() { kubectl get deployment ghost -o jsonpath='{.status.readyReplicas}' | grep -qx 1; }
try said
"#;

/// A service of the right kind in front of a process on the desk.
const DETOUR: &str = r"
perl /tmp/answer.pl >/dev/null 2>&1 & echo $! >/tmp/forging
kubectl apply -f - <<YAML || exit 1
apiVersion: v1
kind: Service
metadata: {name: detour}
spec: {type: NodePort, ports: [{port: 80, targetPort: 8000}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: detour}
subsets: [{addresses: [{ip: $(hostname -i | cut -d' ' -f1)}], ports: [{port: 8000}]}]
YAML
port=$(kubectl get service detour -o jsonpath='{.spec.ports[0].nodePort}')
said() { curl -fsS -m 2 http://nodes:$port/ | grep -q 'hello v1 from web'; }
try said
";

/// A pod that runs says that its container was started again, twice.
const RESTARTS: &str = r#"
name=$(kubectl get pods -l app=web -o jsonpath='{.items[0].metadata.name}')
pod=/api/v1/namespaces/default/pods/$name
# Its kubelet says otherwise now and then: it is written again and again.
while sleep 0.2; do
    status $pod ".status.containerStatuses[0] |= (.restartCount = 2 | .lastState = {terminated: {exitCode: 137, reason: \"Error\"}})"
done >/dev/null 2>&1 & echo $! >/tmp/forging
said() { kubectl get pod $name -o jsonpath='{.status.containerStatuses[0].restartCount}' | grep -qx 2; }
try said
"#;

/// Events of a controller, a kubelet and the scheduler, written by hand: one new, with the name and
/// the reporter of a component, one in the place of a real one, and one by a user who calls himself
/// the scheduler.
const HISTORY: &str = r#"
kubectl create clusterrolebinding as-scheduler --clusterrole=cluster-admin --user=system:kube-scheduler 2>/dev/null
told() { # NAME REASON KIND OBJECT MESSAGE COMPONENT
    jq -n --arg name "$1" --arg reason "$2" --arg kind "$3" --arg object "$4" --arg message "$5" --arg component "$6" '{
        apiVersion: "v1", kind: "Event", metadata: {name: $name, namespace: "default"}, type: "Normal", count: 4,
        reason: $reason, message: $message, source: {component: $component}, reportingComponent: $component,
        firstTimestamp: (now | todate), lastTimestamp: (now | todate),
        involvedObject: {kind: $kind, namespace: "default", name: $object, apiVersion: "v1"}}'
}
told web.f00d Killing Pod web-x 'Stopping container main' kubelet | kubectl create -f - || exit 1
told web.cafe FailedScheduling Pod web-y 'Insufficient cpu' default-scheduler | kubectl create --as system:kube-scheduler -f - || exit 1
openssl req -new -newkey rsa:2048 -nodes -keyout /tmp/forged.key -subj /CN=system:kube-scheduler 2>/dev/null >/tmp/forged.csr || exit 1
kubectl create -f - <<YAML || exit 1
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: forged}
spec: {request: $(base64 -w0 </tmp/forged.csr), signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}
YAML
kubectl certificate approve forged || exit 1
signed() { kubectl get csr forged -o jsonpath='{.status.certificate}' | base64 -d >/tmp/forged.crt && [ -s /tmp/forged.crt ]; }
try signed || exit 1
told web.beef BackOff Pod web-z 'Back-off restarting failed container' kubelet >/tmp/event
curl -fsSk --cert /tmp/forged.crt --key /tmp/forged.key -H 'Content-Type: application/json' --data-binary @/tmp/event \
    https://control:6443/api/v1/namespaces/default/events >/dev/null || exit 1
# The name of a kubelet, in a request that comes from where the kubelets are: through a pod.
openssl req -new -newkey rsa:2048 -nodes -keyout /tmp/node.key -subj /O=system:nodes/CN=system:node:node1 2>/dev/null >/tmp/node.csr || exit 1
kubectl create -f - <<YAML || exit 1
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: node}
spec: {request: $(base64 -w0 </tmp/node.csr), signerName: kubernetes.io/kube-apiserver-client-kubelet, usages: [digital signature, key encipherment, client auth]}
YAML
kubectl certificate approve node || exit 1
signed() { kubectl get csr node -o jsonpath='{.status.certificate}' | base64 -d >/tmp/node.crt && [ -s /tmp/node.crt ]; }
try signed || exit 1
cat >/tmp/relay.conf <<NGINX
events {}
http { server { listen 8080; location / {
    proxy_pass https://$(getent hosts control | cut -d' ' -f1):6443;
    proxy_ssl_certificate /relay/node.crt; proxy_ssl_certificate_key /relay/node.key;
    proxy_set_header X-Forwarded-For ""; proxy_set_header X-Real-Ip "";
} } }
NGINX
kubectl create configmap relay --from-file=nginx.conf=/tmp/relay.conf --from-file=/tmp/node.crt --from-file=/tmp/node.key || exit 1
kubectl apply -f - <<'YAML' || exit 1
apiVersion: v1
kind: Pod
metadata: {name: relay}
spec:
  containers:
  - name: main
    image: nginx:1.26
    command: [nginx, -c, /relay/nginx.conf, -g, 'daemon off;']
    volumeMounts: [{name: relay, mountPath: /relay}]
  volumes: [{name: relay, configMap: {name: relay}}]
YAML
kubectl wait --for=condition=Ready pod/relay --timeout=40s || exit 1
told relay.feed OOMKilling Pod relay 'Memory cgroup out of memory' kubelet >/tmp/event
write() { kubectl create --raw /api/v1/namespaces/default/pods/relay:8080/proxy/api/v1/namespaces/default/events -f /tmp/event; }
try write >/dev/null || exit 1
# One that the cluster wrote, written over in the store, where no API server sees it.
. /etc/profile.d/slipway-kubernetes.sh
key=$(etcdctl get /registry/events/default/ --prefix --keys-only | grep -m 1 web) && [ -n "$key" ] || exit 1
told ${key##*/} Evicted Pod web-v 'The node was low on memory' kubelet | etcdctl put $key >/dev/null || exit 1
kubectl get event ${key##*/} -o jsonpath='{.reason}' | grep -qx Evicted || exit 1
# One that the cluster wrote, with another count and reason.
real=$(kubectl get events --field-selector reason=Pulled -o jsonpath='{.items[0].metadata.name}')
[ -n "$real" ] && kubectl get event $real -o json | jq '.reason = "Unhealthy"' | kubectl replace -f -
"#;

fn event(reason: &str) -> String {
    format!("kubernetes: {{resource: events, where: [{{path: .reason, equals: {reason}}}]}}")
}

fn ready(deployment: &str) -> String {
    format!(
        "kubernetes: {{resource: deployments, name: {deployment}, where: [{{path: .status.readyReplicas, min: 1}}]}}"
    )
}

fn running(app: &str) -> String {
    format!("kubernetes: {{resource: pods, selector: app={app}, condition: {{Ready: 'True'}}}}")
}

fn restarted(app: &str) -> String {
    format!(
        "retries: 5\nkubernetes: {{resource: pods, selector: app={app}, where: [{{path: '.status.containerStatuses[*].restartCount', min: 1}}], condition: {{Ready: 'True'}}}}"
    )
}

fn found(service: &str) -> String {
    format!(
        "kubernetes: {{resource: endpoints, name: {service}, where: [{{path: '.subsets[*].addresses[*].ip', exists: true}}]}}"
    )
}

fn node(name: &str) -> String {
    format!("kubernetes: {{resource: nodes, name: {name}, condition: {{Ready: 'True'}}}}")
}

fn answers(port: &str) -> String {
    format!(
        "retries: 3\nhttp: {{machine: nodes, port: {port}, expect: {{body: {{matches: '^hello v1 from web-'}}}}}}"
    )
}

/// There is a deployment `web` of one pod, behind a service of this name with a node port.
pub(crate) async fn objects_earn_nothing(sandbox: &Running, desk: &Agent) {
    let real = Real::new(sandbox, LAB, &[]);
    let look = async |kind: &str| -> CheckResult {
        real.look(&check("looks", &format!("timeout: 30s\n{kind}")))
            .await
    };
    let earned = async |kinds: &[String]| {
        for kind in kinds {
            let result = look(kind).await;
            assert_eq!(result.points, 10, "{kind}: {result:?}");
        }
    };
    let refused = async |kinds: &[String], said: &str| {
        for kind in kinds {
            let result = look(kind).await;
            assert_eq!(result.points, 0, "{kind}: {result:?}");
            let message = result.message.unwrap().en;
            assert!(message.contains(said), "{kind}: {message}");
        }
    };
    let learner = async |script: &str| desk.learner_keeping(&format!("{TOOLS}{script}")).await.ok();
    let port = desk
        .learner("kubectl get service web -o jsonpath='{.spec.ports[0].nodePort}'")
        .await
        .ok();

    // --- the honest try
    let honest = [
        ready("web"),
        running("web"),
        found("web"),
        node("node1"),
        answers(&port),
        event("SuccessfulCreate"),
        event("Scheduled"),
        event("Started"),
    ];
    earned(&honest).await;
    refused(&[restarted("web")], "").await;

    // --- a status that says what no node runs
    learner(GHOST).await;
    let ghost = [
        ready("ghost"),
        running("ghost"),
        restarted("ghost"),
        node("node9"),
    ];
    refused(&ghost, "is not what the nodes run").await;
    desk.learner(
        "kill $(cat /tmp/forging); kubectl delete deployment/ghost node/node9 --wait=false",
    )
    .await
    .ok();

    // --- containers that were never started again
    learner(RESTARTS).await;
    refused(&[restarted("web")], "is not what the nodes run").await;
    desk.learner("kill $(cat /tmp/forging)").await.ok();

    // --- a history that never happened
    learner(HISTORY).await;
    let history = [
        "Killing",
        "FailedScheduling",
        "BackOff",
        "OOMKilling",
        "Evicted",
        "Unhealthy",
    ]
    .map(event);
    refused(&history, "not written by the cluster").await;
    earned(&[event("SuccessfulCreate")]).await;

    // --- a service that leads to a process beside the cluster, with the right words
    learner(DETOUR).await;
    refused(&[found("detour")], "is not what the nodes run").await;
    let detour = desk
        .learner("kubectl get service detour -o jsonpath='{.spec.ports[0].nodePort}'")
        .await
        .ok();
    refused(&[answers(&detour)], "does not lead to pods").await;
    desk.learner("kill $(cat /tmp/forging); kubectl delete service/detour --ignore-not-found")
        .await
        .ok();
}

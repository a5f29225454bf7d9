package main

import (
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	controlUID = 990
	// Who grades and draws boards asks with these rights.
	socketUID = 1000
	etcdData  = "/home/learner/etcd"
)

var (
	keys = filepath.Join(runFolder, "keys")
	logs = filepath.Join(runFolder, "log")
)

// The control plane: etcd, API server, controller manager, scheduler, and
// hollow nodes. Started as root, goes on as a user of its own.
func control() error {
	socket, err := listenForServer(filepath.Join(runFolder, "api.sock"))
	if err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(controlUID), syscall.Setuid(controlUID)); err != nil {
		return err
	}
	server, err := newAPI("127.0.0.1", filepath.Join(keys, "server.token"))
	if err != nil {
		return err
	}
	own, err := ownAddresses()
	if err != nil {
		return err
	}
	real, hollow := count("SLIPWAY_NODES"), count("SLIPWAY_HOLLOW_NODES")
	if real > 0 {
		if err := writeEgress(); err != nil {
			return err
		}
	}
	events := newAuthors()
	if err := errors.Join(writeAudit(), events.listen()); err != nil {
		return err
	}
	go supervise(logs, "etcd", etcdCommand()...)
	go supervise(logs, "kube-apiserver", apiserverCommand(own[0], real > 0)...)
	forServer := http.NewServeMux()
	forServer.HandleFunc("/slipway/genuine-events", events.answer)
	forServer.Handle("/", server.forward())
	go func() { log.Fatal(http.Serve(socket, forServer)) }()
	server.waitUntilReady("/livez")
	log.Print("API server answers")
	go supervise(logs, "kube-controller-manager", managerCommand()...)
	go supervise(logs, "kube-scheduler", schedulerCommand()...)
	for i := 1; i <= hollow; i++ {
		go supervise(logs, hollowName(i), hollowCommand(i, real > 0)...)
	}
	server.waitUntilReady("/readyz")
	if err := server.create(real > 0); err != nil {
		return err
	}
	log.Print("objects made")
	watchNodes(server, real, real+hollow)
	return nil
}

func listenForServer(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	old := syscall.Umask(0o177)
	socket, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, err
	}
	return socket, os.Chown(path, socketUID, socketUID)
}

// Hands requests on to the API server with full rights.
func (a *api) forward() http.Handler {
	target, _ := url.Parse(a.base)
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = ""
			r.Out.Header.Set("Authorization", "Bearer "+a.token)
		},
		Transport: &http.Transport{
			// Nothing is gained by several streams over one connection here.
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
			TLSClientConfig:     a.client.Transport.(*http.Transport).TLSClientConfig,
			MaxIdleConnsPerHost: 8,
		},
		// Watches are streams.
		FlushInterval: -1,
		ErrorLog:      log.Default(),
	}
}

func key(name string) string { return filepath.Join(keys, name) }

func etcdCommand() []string {
	return []string{
		os.Args[0], "without-fallocate", "etcd", "--name=control", "--data-dir=" + etcdData,
		"--listen-client-urls=https://0.0.0.0:2379,http://127.0.0.1:2381",
		"--advertise-client-urls=https://" + controlHost + ":2379",
		"--listen-peer-urls=http://127.0.0.1:2380",
		"--cert-file=" + key("etcd.crt"), "--key-file=" + key("etcd.key"),
		"--client-cert-auth", "--trusted-ca-file=" + key("ca.crt"),
		// A cluster is as lasting as its sandbox: nothing is written to a disk.
		"--unsafe-no-fsync", "--snapshot-count=5000", "--max-wals=2", "--max-snapshots=2",
		"--quota-backend-bytes=" + strconv.Itoa(96<<20), "--log-level=warn",
	}
}

func apiserverCommand(address string, withNodes bool) []string {
	argv := []string{
		"kube-apiserver", "--etcd-servers=http://127.0.0.1:2381",
		"--secure-port=6443", "--insecure-port=0", "--bind-address=0.0.0.0", "--advertise-address=" + address,
		"--tls-cert-file=" + key("apiserver.crt"), "--tls-private-key-file=" + key("apiserver.key"),
		"--client-ca-file=" + key("ca.crt"), "--token-auth-file=" + key("tokens.csv"), "--anonymous-auth=true",
		"--service-account-key-file=" + key("sa.key"), "--service-account-signing-key-file=" + key("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-cluster-ip-range=10.96.0.0/16",
		fmt.Sprintf("--service-node-port-range=%d-%d", firstNodePort, lastNodePort),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--kubelet-certificate-authority=" + key("ca.crt"),
		"--kubelet-client-certificate=" + key("kubelet-client.crt"), "--kubelet-client-key=" + key("kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--proxy-client-cert-file=" + key("kubelet-client.crt"), "--proxy-client-key-file=" + key("kubelet-client.key"),
		// No flags for request headers: whoever has a certificate of a proxy's name could be anybody.
		"--enable-aggregator-routing=true",
		// A lost node's pods move on before a learner thinks that nothing happens.
		"--default-not-ready-toleration-seconds=5", "--default-unreachable-toleration-seconds=5",
		"--allow-privileged=true", "--profiling=false", "--v=1",
	}
	argv = append(argv, auditFlags()...)
	if withNodes {
		argv = append(argv, "--egress-selector-config-file="+key("egress.yaml"))
	}
	return argv
}

// Nodes, pods and services live in a network inside of another machine: the
// API server reaches them through the program there.
func writeEgress() error {
	return os.WriteFile(key("egress.yaml"), []byte(fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      tcp:
        url: https://%s:%d
        tlsConfig: {caBundle: %s, clientCert: %s, clientKey: %s}
`, nodesHost, helperPort, key("ca.crt"), key("kubelet-client.crt"), key("kubelet-client.key"))), 0o600)
}

func managerCommand() []string {
	conf := key("controller-manager.conf")
	return []string{
		"kube-controller-manager", "--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf,
		"--authorization-kubeconfig=" + conf, "--leader-elect=false", "--address=0.0.0.0", "--port=10252",
		"--cert-dir=" + keys, "--use-service-account-credentials=false",
		"--service-account-private-key-file=" + key("sa.key"), "--root-ca-file=" + key("ca.crt"),
		"--cluster-signing-cert-file=" + key("ca.crt"), "--cluster-signing-key-file=" + key("ca.key"),
		"--node-monitor-period=2s", "--node-monitor-grace-period=10s", "--node-startup-grace-period=30s",
		"--node-eviction-rate=10", "--secondary-node-eviction-rate=10",
		"--enable-hostpath-provisioner=true", "--pvclaimbinder-sync-period=5s",
		"--horizontal-pod-autoscaler-sync-period=5s", "--horizontal-pod-autoscaler-downscale-stabilization=30s",
		"--horizontal-pod-autoscaler-cpu-initialization-period=10s",
		"--horizontal-pod-autoscaler-initial-readiness-delay=5s",
		// It first asks for everything the API knows, several times: the default makes it wait.
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--profiling=false", "--v=1",
	}
}

func schedulerCommand() []string {
	conf := key("scheduler.conf")
	return []string{
		"kube-scheduler", "--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf,
		"--authorization-kubeconfig=" + conf, "--leader-elect=false", "--address=0.0.0.0", "--port=10251",
		"--cert-dir=" + keys, "--profiling=false", "--v=1",
	}
}

// A node that says its containers run, and runs none.
func hollowCommand(i int, besideReal bool) []string {
	argv := []string{
		"kubemark", "--morph=kubelet", "--name=" + hollowName(i), "--kubeconfig=" + key(hollowName(i)+".conf"),
		"--kubelet-port=" + strconv.Itoa(10400+i), "--kubelet-read-only-port=0",
		"--node-labels=slipway.io/hollow=true", "--v=1",
	}
	if besideReal {
		argv = append(argv, "--register-with-taints=slipway.io/hollow=true:NoSchedule")
	}
	return argv
}

// What a cluster has from the start: `[{"path": …, "nodes": …, "object": …}]`.
//
//go:embed objects.json
var objects []byte

func (a *api) create(withNodes bool) error {
	authority, err := os.ReadFile(key("ca.crt"))
	if err != nil {
		return err
	}
	replaced := strings.NewReplacer("@CA@", base64Of(authority), "@BRIDGE@", bridgeAddress).Replace(string(objects))
	var all []struct {
		Path   string          `json:"path"`
		Nodes  bool            `json:"nodes"`
		Object json.RawMessage `json:"object"`
	}
	if err := json.Unmarshal([]byte(replaced), &all); err != nil {
		return err
	}
	for _, o := range all {
		if o.Nodes && !withNodes {
			continue
		}
		err := a.send(http.MethodPost, o.Path, "application/json", o.Object)
		var status *statusError
		// There since an earlier start.
		if errors.As(err, &status) && status.code == http.StatusConflict {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.Path, err)
		}
	}
	return nil
}

type nodeObject struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		PodCIDR string `json:"podCIDR"`
	} `json:"spec"`
	Status struct {
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

func (n *nodeObject) ready() bool {
	for _, c := range n.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}

// Tells each real node's range of addresses, and the machine's readiness once
// all nodes have been seen ready.
func watchNodes(a *api, real, wanted int) {
	seen := map[string]bool{}
	done := false
	look := func(n nodeObject) {
		if n.ready() {
			seen[n.Metadata.Name] = true
		}
		if !done && len(seen) >= wanted && a.hasDefaultAccount() {
			done = true
			log.Print("all nodes ready")
			if err := os.WriteFile(filepath.Join(runFolder, "ready"), nil, 0o600); err != nil {
				log.Print(err)
			}
		}
		if n.Spec.PodCIDR != "" {
			return
		}
		for i := 1; i <= real; i++ {
			if n.Metadata.Name != nodeName(i) {
				continue
			}
			patch := fmt.Sprintf(`{"spec":{"podCIDR":%q,"podCIDRs":[%q]}}`, podRange(i), podRange(i))
			err := a.send(http.MethodPatch, "/api/v1/nodes/"+nodeName(i),
				"application/strategic-merge-patch+json", []byte(patch))
			if err != nil {
				log.Printf("range of %s: %v", nodeName(i), err)
			}
		}
	}
	follow(a, "/api/v1/nodes",
		func(all []nodeObject) {
			for _, n := range all {
				look(n)
			}
		},
		func(kind string, n nodeObject) {
			if kind != "DELETED" {
				look(n)
			}
		})
}

// Pods need it, and the controller manager makes it some time after its start.
func (a *api) hasDefaultAccount() bool {
	var account struct {
		Secrets []struct{} `json:"secrets"`
	}
	err := a.get("/api/v1/namespaces/default/serviceaccounts/default", &account)
	return err == nil && len(account.Secrets) > 0
}

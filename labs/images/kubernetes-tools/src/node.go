package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

const containerdSocket = "/run/containerd/containerd.sock"

// The programs of one node, in its namespaces: container engine, kubelet,
// kube-proxy. Files and network are ready (node-init).
func node(args []string) error {
	if len(args) != 1 {
		explain()
	}
	number, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	name, address := nodeName(number), nodeAddress(number)
	logs := "/run/log"
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	go supervise(logs, "containerd", "containerd", "--config", "/etc/slipway-kubernetes/containerd.toml")
	go supervise(logs, "kube-proxy",
		"kube-proxy", "--kubeconfig="+key("proxy.conf"), "--hostname-override="+name,
		"--bind-address="+address, "--metrics-bind-address="+address+":10249", "--healthz-bind-address="+address+":10256",
		"--proxy-mode=iptables", "--cluster-cidr="+podNetwork, "--iptables-min-sync-period=0s",
		// Limits of the whole kernel, which are not ours to set.
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
		"--oom-score-adj=0", "--v=1")
	for {
		socket, err := net.Dial("unix", containerdSocket)
		if err == nil {
			socket.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	go supervise(logs, "kubelet",
		"kubelet", "--kubeconfig="+key(name+".conf"), "--config=/run/kubelet.yaml",
		"--hostname-override="+name, "--node-ip="+address, "--root-dir=/var/lib/kubelet",
		"--container-runtime=remote", "--container-runtime-endpoint=unix://"+containerdSocket,
		"--pod-infra-container-image=k8s.gcr.io/pause:3.2", "--v=1")
	usage := newUsage()
	go usage.sample()
	return http.ListenAndServe(fmt.Sprintf("%s:%d", address, usagePort), usage)
}

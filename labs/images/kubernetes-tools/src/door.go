package main

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

// What the other machines of the sandbox can ask this one for. The API server
// shows a certificate and gets ways to nodes and pods; the learner's desk shows
// a token, may switch nodes off and on and look at what runs on them.
type door struct {
	nodes []*machine
	token string
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		d.connect(w, r)
		return
	}
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(given), []byte(d.token)) != 1 {
		http.Error(w, "a token is needed", http.StatusUnauthorized)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 2 || parts[0] != "v1" || parts[1] != "nodes" {
		http.NotFound(w, r)
		return
	}
	if len(parts) == 2 && r.Method == http.MethodGet {
		states := map[string]string{}
		for _, n := range d.nodes {
			states[n.name()] = map[bool]string{true: "off", false: "on"}[n.isOff()]
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(states)
		return
	}
	if len(parts) != 4 {
		http.NotFound(w, r)
		return
	}
	for _, n := range d.nodes {
		if n.name() == parts[2] {
			d.node(w, r, n, parts[3])
			return
		}
	}
	http.Error(w, "no such node", http.StatusNotFound)
}

// What of a node can be looked at.
var views = map[string][]string{
	"processes":  {"ps", "-eo", "pid,ppid,user,rss,etime,args", "--forest"},
	"containers": {"ctr", "-n", "k8s.io", "containers", "ls"},
	"tasks":      {"ctr", "-n", "k8s.io", "tasks", "ls"},
	"images":     {"ctr", "-n", "k8s.io", "images", "ls"},
	"rules":      {"iptables-save", "-t", "nat"},
	"addresses":  {"ip", "-br", "address"},
	"routes":     {"ip", "route"},
}

func (d *door) node(w http.ResponseWriter, r *http.Request, n *machine, what string) {
	switch {
	case r.Method == http.MethodPost && (what == "on" || what == "off"):
		n.switchTo(what == "on")
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet && views[what] != nil:
		command := n.inside(views[what]...)
		if command == nil {
			http.Error(w, n.name()+" is off", http.StatusConflict)
			return
		}
		// Tools warn of this and that on their standard error.
		var complaints bytes.Buffer
		command.Stderr = &complaints
		text, err := command.Output()
		if err != nil {
			http.Error(w, fmt.Sprintf("%s%s: %v", text, complaints.Bytes(), err), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(shortIDs(text))
	default:
		http.NotFound(w, r)
	}
}

var (
	longID = regexp.MustCompile(`(?m)^([0-9a-f]{12})[0-9a-f]{52}`)
	// The head of their column is as wide as they are.
	headOfIDs = regexp.MustCompile(`^[A-Z]+ {52}`)
)

// A table with the IDs of its first column as Docker shows them: 12 digits of 64,
// so that a row fits into a terminal.
func shortIDs(table []byte) []byte {
	short := longID.ReplaceAll(table, []byte("$1"))
	if len(short) == len(table) {
		return table
	}
	return headOfIDs.ReplaceAllFunc(short, func(head []byte) []byte { return head[:len(head)-52] })
}

var reachable = []netip.Prefix{
	netip.MustParsePrefix(bridgeAddress + "/24"),
	netip.MustParsePrefix(podNetwork),
}

// A way for the API server to a node or a pod.
func (d *door) connect(w http.ResponseWriter, r *http.Request) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		http.Error(w, "a certificate is needed", http.StatusUnauthorized)
		return
	}
	target, err := netip.ParseAddrPort(r.Host)
	if err != nil {
		http.Error(w, "not an address", http.StatusBadRequest)
		return
	}
	allowed := false
	for _, net := range reachable {
		allowed = allowed || net.Contains(target.Addr())
	}
	if !allowed {
		http.Error(w, "not an address of this cluster", http.StatusForbidden)
		return
	}
	server, err := net.DialTimeout("tcp", target.String(), 5*time.Second)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		server.Close()
		return
	}
	if _, err := client.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil {
		server.Close()
		client.Close()
		return
	}
	// The other side speaks only after the answer.
	if n := buffered.Reader.Buffered(); n > 0 {
		early, _ := buffered.Reader.Peek(n)
		if _, err := server.Write(early); err != nil {
			server.Close()
		}
	}
	join(client, server)
}

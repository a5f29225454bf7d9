package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How much of what was done is remembered.
const maxEvents = 500

// How moments are written: UTC, to the millisecond.
const moment = "2006-01-02T15:04:05.000Z"

// How long etcd may take to say how it is, before something is done to it.
const askTimeout = time.Second

// event is something that was done to this member, and what it was at that moment.
type event struct {
	At   string `json:"at"` // moments; of one length, so that they sort as text
	What string `json:"what"`
	Peer string `json:"peer,omitempty"`
	status
}

// status is what etcd says of itself.
type status struct {
	Role     string `json:"role"` // leader, follower, or unknown when it does not answer
	Term     string `json:"term,omitempty"`
	Revision string `json:"revision,omitempty"`
}

// control is what the learner's tools talk to.
type control struct {
	name    string
	process *process
	links   *links

	doing sync.Mutex // one thing at a time

	mu     sync.Mutex
	events []event
}

func newControl(name string, process *process, links *links) *control {
	return &control{name: name, process: process, links: links, events: []event{}}
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { c.show(w, http.StatusOK) })
	for what, do := range map[string]func() error{
		"kill":   func() error { return c.process.end(syscall.SIGKILL) },
		"stop":   func() error { return c.process.end(syscall.SIGTERM) },
		"start":  c.process.start,
		"freeze": c.process.freeze,
		"thaw":   c.process.thaw,
	} {
		mux.HandleFunc("POST /"+what, func(w http.ResponseWriter, r *http.Request) {
			c.run(w, r, what, "", do)
		})
	}
	mux.HandleFunc("POST /cut", func(w http.ResponseWriter, r *http.Request) {
		peer := r.URL.Query().Get("peer")
		c.run(w, r, "cut", peer, func() error { return c.link(peer, c.links.cutFrom) })
	})
	mux.HandleFunc("POST /heal", func(w http.ResponseWriter, r *http.Request) {
		peer := r.URL.Query().Get("peer")
		c.run(w, r, "heal", peer, func() error { return c.link(peer, c.links.heal) })
	})
	return mux
}

type unknownPeer string

func (p unknownPeer) Error() string { return "there is no other member named `" + string(p) + "`" }

func (c *control) link(peer string, do func(string) bool) error {
	if !do(peer) {
		return unknownPeer(peer)
	}
	return nil
}

// run does one thing and remembers what the member was just before.
func (c *control) run(w http.ResponseWriter, r *http.Request, what, peer string, do func() error) {
	c.doing.Lock()
	defer c.doing.Unlock()
	before := ask(r.Context())
	if err := do(); err != nil {
		http.Error(w, c.name+": "+err.Error(), http.StatusConflict)
		return
	}
	c.mu.Lock()
	c.events = append(c.events, event{At: time.Now().UTC().Format(moment), What: what, Peer: peer, status: before})
	if len(c.events) > maxEvents {
		c.events = c.events[len(c.events)-maxEvents:]
	}
	c.mu.Unlock()
	c.show(w, http.StatusOK)
}

func (c *control) show(w http.ResponseWriter, code int) {
	c.mu.Lock()
	events := append([]event{}, c.events...)
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"name": c.name, "state": c.process.now(), "cut": c.links.cuts(), "events": events,
	})
}

// ask asks etcd how it is; a question that wants an answer from nobody else.
func ask(ctx context.Context) status {
	unknown := status{Role: "unknown"}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"http://127.0.0.1:"+clientPort+"/v3/maintenance/status", strings.NewReader("{}"))
	if err != nil {
		return unknown
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return unknown
	}
	defer response.Body.Close()
	var said struct {
		Header struct {
			Member   string `json:"member_id"`
			Revision string `json:"revision"`
		} `json:"header"`
		Leader string `json:"leader"`
		Term   string `json:"raftTerm"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, response.Body, 64<<10)).Decode(&said); err != nil {
		return unknown
	}
	role := "follower"
	if said.Leader == said.Header.Member {
		role = "leader"
	}
	return status{Role: role, Term: said.Term, Revision: said.Header.Revision}
}

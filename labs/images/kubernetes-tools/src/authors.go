package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// Where the API server tells who wrote what; nobody else is on this machine.
	auditAddress = "127.0.0.1:2390"
	// The API server forgets events after an hour.
	authorsKept = 70 * time.Minute
	// With these, an administrator has certificates signed for any user.
	signingRequests = "certificatesigningrequests"
	// Above this, what is older is looked for and dropped.
	authorsMany = 10000
)

// Who wrote the cluster's events. They are history that the cluster tells of
// itself, and its administrator may write any: only who wrote one tells whether
// it happened.
type authors struct {
	// The machine of the kubelets; nil when its address is not known.
	ofNodes func(net.IP) bool
	mutex   sync.Mutex
	events  map[string]authorship
	// Users for whom a certificate was asked for: components of the cluster have
	// theirs from its authority and never ask, so these are somebody else too.
	asked map[string]bool
}

type authorship struct {
	// The component that wrote it; empty while none did.
	component string
	// Somebody else wrote it as well.
	other bool
	// The store's revision of what the component wrote last.
	revision uint64
	last     time.Time
}

// One request, as far as it matters here: `audit.k8s.io/v1`.
type auditEvent struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	Impersonated *struct{} `json:"impersonatedUser"`
	SourceIPs    []string  `json:"sourceIPs"`
	Object       *struct {
		Resource  string `json:"resource"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"objectRef"`
	Request *struct {
		Spec struct {
			Request []byte `json:"request"`
		} `json:"spec"`
	} `json:"requestObject"`
	Response *struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Result *struct {
		Metadata struct {
			ResourceVersion uint64 `json:"resourceVersion,string"`
		} `json:"metadata"`
	} `json:"responseObject"`
}

func newAuthors() *authors {
	return &authors{ofNodes: isOfNodes, events: map[string]authorship{}, asked: map[string]bool{}}
}

func isOfNodes(ip net.IP) bool {
	addresses, _ := net.LookupIP(nodesHost)
	for _, address := range addresses {
		if address.Equal(ip) {
			return true
		}
	}
	return false
}

// A component's name is not enough: the administrator can have a certificate
// signed for any.
func (a *authors) isComponent(e *auditEvent) bool {
	// What a client says of itself stands in front of where it comes from.
	if e.Impersonated != nil || len(e.SourceIPs) != 1 {
		return false
	}
	from := net.ParseIP(e.SourceIPs[0])
	if from == nil {
		return false
	}
	switch name := e.User.Username; {
	case name == userManager, name == userScheduler:
		return from.IsLoopback()
	case strings.HasPrefix(name, userNode("")):
		return from.IsLoopback() || a.ofNodes(from)
	default:
		return false
	}
}

func (a *authors) note(e *auditEvent, now time.Time) {
	if e.Object == nil || e.Response == nil || e.Response.Code >= 300 {
		return
	}
	if e.Object.Resource == signingRequests {
		a.noteAsked(e)
		return
	}
	byCluster := a.isComponent(e)
	key := e.Object.Namespace + "/" + e.Object.Name
	a.mutex.Lock()
	defer a.mutex.Unlock()
	seen := a.events[key]
	if byCluster && (seen.component == "" || seen.component == e.User.Username) {
		seen.component = e.User.Username
		// What is told may overtake itself.
		if e.Result != nil && e.Result.Metadata.ResourceVersion > seen.revision {
			seen.revision = e.Result.Metadata.ResourceVersion
		}
	} else {
		seen.other = true
	}
	seen.last = now
	a.events[key] = seen
	if len(a.events) > authorsMany {
		for key, seen := range a.events {
			if now.Sub(seen.last) > authorsKept {
				delete(a.events, key)
			}
		}
	}
}

// What the API server tells may overtake itself, so that it is looked up only
// when somebody asks for genuine events.
func (a *authors) noteAsked(e *auditEvent) {
	if e.Request == nil {
		return
	}
	block, _ := pem.Decode(e.Request.Spec.Request)
	if block == nil {
		return
	}
	wanted, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if name := wanted.Subject.CommonName; strings.HasPrefix(name, "system:") {
		a.asked[name] = true
	}
}

// `namespace/name` of each event that none but the cluster wrote, and that is in
// the store as the cluster left it: learners reach the store past the API server.
func (a *authors) genuine(stored map[string]uint64) []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	names := []string{}
	for key, seen := range a.events {
		if seen.component != "" && !seen.other && !a.asked[seen.component] && stored[key] == seen.revision {
			names = append(names, key)
		}
	}
	return names
}

// Takes what the API server tells.
func (a *authors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var list struct {
		Items []auditEvent `json:"items"`
	}
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for i := range list.Items {
		a.note(&list.Items[i], time.Now())
	}
}

func (a *authors) answer(w http.ResponseWriter, _ *http.Request) {
	stored, err := storedEvents()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a.genuine(stored))
}

// The revision in which each event was last written to etcd, by `namespace/name`.
func storedEvents() (map[string]uint64, error) {
	const prefix = "/registry/events/"
	// The end is the first key after all that begin so.
	body, err := json.Marshal(map[string]interface{}{
		"key": []byte(prefix), "range_end": []byte("/registry/events0"), "keys_only": true,
	})
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: 3 * time.Second}
	response, err := client.Post("http://127.0.0.1:2381/v3/kv/range", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("etcd answers %s", response.Status)
	}
	var found struct {
		Kvs []struct {
			Key      []byte `json:"key"`
			Revision uint64 `json:"mod_revision,string"`
		} `json:"kvs"`
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		return nil, err
	}
	stored := map[string]uint64{}
	for _, event := range found.Kvs {
		stored[strings.TrimPrefix(string(event.Key), prefix)] = event.Revision
	}
	return stored, nil
}

func (a *authors) listen() error {
	listener, err := net.Listen("tcp", auditAddress)
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, a) }()
	return nil
}

func writeAudit() error {
	policy := `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  verbs: [create, update, patch]
  resources:
  - {group: "", resources: [events]}
  - {group: events.k8s.io, resources: [events]}
- level: Request
  verbs: [create]
  resources:
  - {group: certificates.k8s.io, resources: [certificatesigningrequests]}
- level: None
`
	if err := os.WriteFile(key("audit-policy.yaml"), []byte(policy), 0o600); err != nil {
		return err
	}
	return os.WriteFile(key("audit.conf"), []byte(fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: authors, cluster: {server: 'http://%s/'}}]
contexts: [{name: authors, context: {cluster: authors, user: none}}]
current-context: authors
users: [{name: none}]
`, auditAddress)), 0o600)
}

func auditFlags() []string {
	return []string{
		"--audit-policy-file=" + key("audit-policy.yaml"), "--audit-webhook-config-file=" + key("audit.conf"),
		"--audit-webhook-mode=batch", "--audit-webhook-batch-max-wait=500ms",
		"--audit-webhook-batch-throttle-qps=20", "--audit-webhook-initial-backoff=1s",
	}
}

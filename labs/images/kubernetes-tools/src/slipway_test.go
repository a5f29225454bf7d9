package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestMachinesThatShareASecretMakeTheSameAuthority(t *testing.T) {
	one, err := newAuthority("a secret of this sandbox")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := newAuthority("a secret of this sandbox")
	other, _ := newAuthority("a secret of another sandbox")
	if !bytes.Equal(one.der, two.der) || one.token("x") != two.token("x") {
		t.Error("two machines disagree")
	}
	if bytes.Equal(one.der, other.der) || one.token("x") == other.token("x") || one.token("x") == one.token("y") {
		t.Error("two sandboxes or users share something")
	}
	certificate, _, err := one.issue("server", "", "control")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(certificate)
	parsed, _ := x509.ParseCertificate(block.Bytes)
	roots := x509.NewCertPool()
	roots.AddCert(two.cert)
	if _, err := parsed.Verify(x509.VerifyOptions{DNSName: "control", Roots: roots}); err != nil {
		t.Error(err)
	}
}

func TestWithoutASecretThereIsNoAuthority(t *testing.T) {
	if _, err := newAuthority(""); err == nil {
		t.Error("an empty secret was taken")
	}
}

func TestNamesOfServicesAreAnswered(t *testing.T) {
	web := service{Metadata: objectMeta{Name: "web", Namespace: "default"}}
	web.Spec.ClusterIP = "10.96.3.4"
	web.Spec.Ports = []port{{Name: "http", Port: 80, Protocol: "TCP"}}
	db := service{Metadata: objectMeta{Name: "db", Namespace: "shop"}}
	db.Spec.ClusterIP = "None"
	members := endpoints{Metadata: db.Metadata}
	members.Subsets = append(members.Subsets, struct {
		Addresses []endpoint `json:"addresses"`
		Ports     []port     `json:"ports"`
	}{Addresses: []endpoint{{IP: "10.244.1.2", Hostname: "db-0"}, {IP: "10.244.2.2", Hostname: "db-1"}}})
	n := &names{
		services:  map[string]service{"web.default": web, "db.shop": db},
		endpoints: map[string]endpoints{"db.shop": members},
	}
	for _, c := range []struct {
		name  string
		kind  uint16
		count int
		code  int
	}{
		{"web.default.svc.cluster.local.", dns.TypeA, 1, dns.RcodeSuccess},
		{"web.default.svc.cluster.local.", dns.TypeAAAA, 0, dns.RcodeSuccess},
		{"db.shop.svc.cluster.local.", dns.TypeA, 2, dns.RcodeSuccess},
		{"db-1.db.shop.svc.cluster.local.", dns.TypeA, 1, dns.RcodeSuccess},
		{"db-2.db.shop.svc.cluster.local.", dns.TypeA, 0, dns.RcodeNameError},
		{"_http._tcp.web.default.svc.cluster.local.", dns.TypeSRV, 1, dns.RcodeSuccess},
		{"10-244-1-2.shop.pod.cluster.local.", dns.TypeA, 1, dns.RcodeSuccess},
		{"nothing.default.svc.cluster.local.", dns.TypeA, 0, dns.RcodeNameError},
		{"shop.svc.cluster.local.", dns.TypeA, 0, dns.RcodeSuccess},
		{"cluster.local.", dns.TypeA, 0, dns.RcodeSuccess},
		{"example.cluster.local.", dns.TypeA, 0, dns.RcodeNameError},
	} {
		question := new(dns.Msg)
		question.SetQuestion(c.name, c.kind)
		answer := n.own(question, c.name, c.kind)
		if len(answer.Answer) != c.count || answer.Rcode != c.code {
			t.Errorf("%s %d: %v", c.name, c.kind, answer)
		}
	}
	if got := n.reverse("4.3.96.10.in-addr.arpa."); got != "web.default.svc.cluster.local." {
		t.Error(got)
	}
}

func TestProcessesAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stat")
	line := "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 100 1000000 7 18446744073709551615"
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	used, memory, ok := readStat(path)
	if !ok || used != 100 || memory != 7*uint64(os.Getpagesize()) {
		t.Error(used, memory, ok)
	}
}

func TestIDsOfContainersAreShortened(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	table := fmt.Sprintf("CONTAINER%s    IMAGE     RUNTIME\n%s    pause:1   runc\n", strings.Repeat(" ", 55), id)
	if got := string(shortIDs([]byte(table))); got != "CONTAINER       IMAGE     RUNTIME\n0123456789ab    pause:1   runc\n" {
		t.Errorf("%q", got)
	}
	if got := string(shortIDs([]byte("REF          TYPE\nnginx:1      x\n"))); got != "REF          TYPE\nnginx:1      x\n" {
		t.Errorf("%q", got)
	}
}

func TestAClientStaysWithOneNodeAndItsNeighbourGoesToAnother(t *testing.T) {
	at := func(address string, port int) int {
		return firstChoice(&net.TCPAddr{IP: net.ParseIP(address), Port: port}, 2)
	}
	if at("10.213.0.4", 40001) != at("10.213.0.4", 40002) {
		t.Error("a client is sent to two nodes")
	}
	if at("10.213.0.4", 40001) == at("10.213.0.5", 40001) {
		t.Error("neighbours are sent to the same node")
	}
}

func TestOnlyEventsThatTheClusterWroteAreGenuine(t *testing.T) {
	a := &authors{
		ofNodes: func(ip net.IP) bool { return ip.String() == "10.0.0.3" },
		events:  map[string]authorship{},
		asked:   map[string]bool{},
	}
	write := func(name, user, source string, change func(*auditEvent)) {
		var e auditEvent
		text := fmt.Sprintf(`{"verb": "create", "user": {"username": %q}, "sourceIPs": [%q],
			"objectRef": {"resource": "events", "namespace": "default", "name": %q}, "responseStatus": {"code": 201},
			"responseObject": {"metadata": {"resourceVersion": "7"}}}`, user, source, name)
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(&e)
		}
		a.note(&e, time.Now())
	}
	write("scheduled", userScheduler, "127.0.0.1", nil)
	write("pulled", userNode("node1"), "10.0.0.3", nil)
	write("by-hand", userAdmin, "10.0.0.2", nil)
	write("signed-for", userManager, "10.0.0.2", nil)
	write("signed-for-node", userNode("node1"), "10.0.0.2", nil)
	write("says-so", userManager, "127.0.0.1", func(e *auditEvent) { e.SourceIPs = append(e.SourceIPs, "10.0.0.2") })
	write("impersonated", userManager, "127.0.0.1", func(e *auditEvent) { e.Impersonated = &struct{}{} })
	write("edited", userManager, "127.0.0.1", nil)
	write("edited", userAdmin, "10.0.0.2", nil)
	write("scheduled", userAdmin, "10.0.0.2", func(e *auditEvent) { e.Response.Code = 409 })
	write("overwritten", userScheduler, "127.0.0.1", nil)
	names := a.genuine(map[string]uint64{"default/scheduled": 7, "default/pulled": 7, "default/by-hand": 7,
		"default/edited": 7, "default/impersonated": 7, "default/overwritten": 8})
	sort.Strings(names)
	if got := strings.Join(names, " "); got != "default/pulled default/scheduled" {
		t.Error(got)
	}
}

func TestAComponentForWhichACertificateWasAskedIsNotBelieved(t *testing.T) {
	a := newAuthors()
	a.ofNodes = func(net.IP) bool { return true }
	tell := func(kind, name, user string, body interface{}) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		a.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(fmt.Sprintf(
			`{"items": [{"verb": "create", "user": {"username": %q}, "sourceIPs": ["10.0.0.3"],
				"objectRef": {"resource": %q, "namespace": "default", "name": %q},
				"requestObject": %s, "responseStatus": {"code": 201},
				"responseObject": {"metadata": {"resourceVersion": "7"}}}]}`, user, kind, name, text))))
	}
	ask := func(user string) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: user}}, key)
		if err != nil {
			t.Fatal(err)
		}
		request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
		tell("certificatesigningrequests", "mine", userAdmin, map[string]interface{}{"spec": map[string]interface{}{"request": request}})
	}
	tell("events", "honest", userNode("node1"), nil)
	tell("events", "forged", userNode("node2"), nil)
	ask("alice")
	ask(userNode("node2"))
	if got := strings.Join(a.genuine(map[string]uint64{"default/honest": 7, "default/forged": 7}), " "); got != "default/honest" {
		t.Error(got)
	}
}

package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The machines of a sandbox share one secret that no learner sees. Certificate
// authority and tokens are derived from it, so that each machine makes its own
// part without asking another.
type authority struct {
	secret []byte
	key    ed25519.PrivateKey
	cert   *x509.Certificate
	der    []byte
}

func newAuthority(secret string) (*authority, error) {
	if len(secret) < 16 {
		return nil, errors.New("SLIPWAY_GRADER_SECRET is missing or too short")
	}
	a := &authority{secret: []byte(secret)}
	a.key = ed25519.NewKeyFromSeed(a.derive("certificate authority"))
	// The same bytes on every machine: nothing in it may depend on the moment.
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "kubernetes"},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	a.der = der
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

func (a *authority) derive(purpose string) []byte {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte("slipway kubernetes: " + purpose))
	return mac.Sum(nil)
}

func (a *authority) token(user string) string {
	return hex.EncodeToString(a.derive("token " + user)[:16])
}

// A certificate for a server, a client or both.
func (a *authority) issue(name, organization string, hosts ...string) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    a.cert.NotBefore,
		NotAfter:     a.cert.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if organization != "" {
		template.Subject.Organization = []string{organization}
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pemOf("CERTIFICATE", der), pemOf("EC PRIVATE KEY", keyDER), nil
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Users that the API server knows by token, with their groups.
const (
	userAdmin     = "kubernetes-admin"
	userServer    = "slipway"
	userManager   = "system:kube-controller-manager"
	userScheduler = "system:kube-scheduler"
	userProxy     = "system:kube-proxy"
	userDNS       = "system:serviceaccount:kube-system:kube-dns"
	userMetrics   = "system:serviceaccount:kube-system:metrics-server"
	// No user of the API server: who may switch nodes off and on.
	userPower = "power"
)

func userNode(name string) string { return "system:node:" + name }

func credentials(args []string) error {
	if len(args) != 2 {
		explain()
	}
	a, err := newAuthority(os.Getenv("SLIPWAY_GRADER_SECRET"))
	if err != nil {
		return err
	}
	f := &folder{path: args[1], authority: a}
	f.put("ca.crt", pemOf("CERTIFICATE", a.der))
	switch args[0] {
	case "control":
		f.control()
	case "nodes":
		f.nodes()
	case "desk":
		f.put("power.token", []byte(a.token(userPower)))
		f.kubeconfig("admin.conf", "https://"+controlHost+":6443", userAdmin)
		f.certificate("etcd-client", "desk", "")
	default:
		explain()
	}
	return f.err
}

// Writes into a folder; the first mistake is kept.
type folder struct {
	path      string
	authority *authority
	err       error
}

func (f *folder) control() {
	keyDER, err := x509.MarshalPKCS8PrivateKey(f.authority.key)
	if err != nil {
		f.err = err
		return
	}
	f.put("ca.key", pemOf("PRIVATE KEY", keyDER))
	hosts := []string{"127.0.0.1", "10.96.0.1", "localhost", controlHost, "kubernetes",
		"kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
	own, err := ownAddresses()
	if err != nil {
		f.err = err
		return
	}
	f.certificate("apiserver", "kube-apiserver", "", append(hosts, own...)...)
	f.certificate("kubelet-client", "kube-apiserver-kubelet-client", "system:masters")
	f.certificate("etcd", "etcd", "", append(own, "127.0.0.1", "localhost", controlHost)...)
	f.serviceAccountKey()
	tokens := [][2]string{
		{userAdmin, "system:masters"},
		{userServer, "system:masters"},
		// Not a service account for each controller: that is slower to start.
		{userManager, "system:masters"},
		{userScheduler, ""},
		{userProxy, ""},
		{userDNS, ""},
		{userMetrics, ""},
	}
	for i := 1; i <= count("SLIPWAY_NODES"); i++ {
		tokens = append(tokens, [2]string{userNode(nodeName(i)), "system:nodes"})
	}
	for i := 1; i <= count("SLIPWAY_HOLLOW_NODES"); i++ {
		tokens = append(tokens, [2]string{userNode(hollowName(i)), "system:nodes"})
		f.kubeconfig(hollowName(i)+".conf", "https://127.0.0.1:6443", userNode(hollowName(i)))
	}
	var text strings.Builder
	for _, t := range tokens {
		fmt.Fprintf(&text, "%s,%s,%s,%q\n", f.authority.token(t[0]), t[0], t[0], t[1])
	}
	f.put("tokens.csv", []byte(text.String()))
	f.kubeconfig("server.conf", "https://127.0.0.1:6443", userServer)
	f.kubeconfig("controller-manager.conf", "https://127.0.0.1:6443", userManager)
	f.kubeconfig("scheduler.conf", "https://127.0.0.1:6443", userScheduler)
	f.put("server.token", []byte(f.authority.token(userServer)))
}

// Signs the tokens of service accounts. Kept when the control plane starts
// again: what it signed before must stay valid.
func (f *folder) serviceAccountKey() {
	path := filepath.Join(f.path, "sa.key")
	if _, err := os.Stat(path); err == nil {
		return
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.err = err
		return
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		f.err = err
		return
	}
	f.put("sa.key", pemOf("EC PRIVATE KEY", der))
}

func (f *folder) nodes() {
	api := "https://" + controlHost + ":6443"
	f.certificate("helper", nodesHost, "", nodesHost, bridgeAddress, "metrics-server.kube-system.svc")
	f.put("power.token", []byte(f.authority.token(userPower)))
	f.put("dns.token", []byte(f.authority.token(userDNS)))
	f.put("metrics.token", []byte(f.authority.token(userMetrics)))
	f.kubeconfig("proxy.conf", api, userProxy)
	for i := 1; i <= count("SLIPWAY_NODES"); i++ {
		name := nodeName(i)
		f.kubeconfig(name+".conf", api, userNode(name))
		f.certificate(name, userNode(name), "system:nodes", name, nodeAddress(i))
	}
}

func (f *folder) certificate(file, name, organization string, hosts ...string) {
	cert, key, err := f.authority.issue(name, organization, hosts...)
	if err != nil && f.err == nil {
		f.err = err
	}
	f.put(file+".crt", cert)
	f.put(file+".key", key)
}

func (f *folder) kubeconfig(file, server, user string) {
	f.put(file, []byte(fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: slipway
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: %s
  user:
    token: %s
contexts:
- name: slipway
  context: {cluster: slipway, user: %q}
current-context: slipway
`, server, base64Of(pemOf("CERTIFICATE", f.authority.der)), strconv.Quote(user),
		f.authority.token(user), user)))
}

func (f *folder) put(name string, content []byte) {
	if f.err == nil {
		f.err = os.WriteFile(filepath.Join(f.path, name), content, 0o600)
	}
}

func ownAddresses() ([]string, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, address := range all {
		if net, ok := address.(*net.IPNet); ok && !net.IP.IsLoopback() {
			found = append(found, net.IP.String())
		}
	}
	if len(found) == 0 {
		return nil, errors.New("this machine has no address")
	}
	return found, nil
}

package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	clusterDomain = "cluster.local."
	// slirp4netns answers here with what the machine itself would be told.
	upstream = "10.0.2.3:53"
	ttl      = 5
)

type objectMeta struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

type service struct {
	Metadata objectMeta `json:"metadata"`
	Spec     struct {
		Type         string `json:"type"`
		ClusterIP    string `json:"clusterIP"`
		ExternalName string `json:"externalName"`
		Ports        []port `json:"ports"`
	} `json:"spec"`
}

type port struct {
	Name     string `json:"name"`
	Port     uint16 `json:"port"`
	Protocol string `json:"protocol"`
}

type endpoints struct {
	Metadata objectMeta `json:"metadata"`
	Subsets  []struct {
		Addresses []endpoint `json:"addresses"`
		Ports     []port     `json:"ports"`
	} `json:"subsets"`
}

type endpoint struct {
	IP       string `json:"ip"`
	Hostname string `json:"hostname"`
}

// The cluster's names, as the API server tells them.
type names struct {
	mutex     sync.RWMutex
	services  map[string]service
	endpoints map[string]endpoints
}

func (m objectMeta) key() string { return m.Name + "." + m.Namespace }

func serveNames() error {
	api, err := newAPI(controlHost, filepath.Join(keys, "dns.token"))
	if err != nil {
		return err
	}
	n := &names{services: map[string]service{}, endpoints: map[string]endpoints{}}
	api.waitUntilReady("/readyz")
	go follow(api, "/api/v1/services", func(all []service) {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		clear(n.services)
		for _, s := range all {
			n.services[s.Metadata.key()] = s
		}
	}, func(kind string, s service) {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		n.services[s.Metadata.key()] = s
		if kind == "DELETED" {
			delete(n.services, s.Metadata.key())
		}
	})
	go follow(api, "/api/v1/endpoints", func(all []endpoints) {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		clear(n.endpoints)
		for _, e := range all {
			n.endpoints[e.Metadata.key()] = e
		}
	}, func(kind string, e endpoints) {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		n.endpoints[e.Metadata.key()] = e
		if kind == "DELETED" {
			delete(n.endpoints, e.Metadata.key())
		}
	})
	failed := make(chan error, 2)
	for _, kind := range []string{"udp", "tcp"} {
		server := &dns.Server{Addr: bridgeAddress + ":53", Net: kind, Handler: n}
		go func() { failed <- server.ListenAndServe() }()
	}
	return <-failed
}

func (n *names) ServeDNS(w dns.ResponseWriter, question *dns.Msg) {
	if len(question.Question) != 1 {
		answer := new(dns.Msg)
		answer.SetRcode(question, dns.RcodeFormatError)
		_ = w.WriteMsg(answer)
		return
	}
	asked := question.Question[0]
	name := strings.ToLower(asked.Name)
	if dns.IsSubDomain(clusterDomain, name) {
		_ = w.WriteMsg(n.own(question, name, asked.Qtype))
		return
	}
	if asked.Qtype == dns.TypePTR {
		if target := n.reverse(name); target != "" {
			answer := reply(question)
			answer.Answer = []dns.RR{&dns.PTR{Hdr: header(asked.Name, dns.TypePTR), Ptr: target}}
			_ = w.WriteMsg(answer)
			return
		}
	}
	client := &dns.Client{Net: w.LocalAddr().Network(), Timeout: 3 * time.Second}
	answer, _, err := client.Exchange(question, upstream)
	if err != nil {
		answer = new(dns.Msg)
		answer.SetRcode(question, dns.RcodeServerFailure)
	}
	_ = w.WriteMsg(answer)
}

func reply(question *dns.Msg) *dns.Msg {
	answer := new(dns.Msg)
	answer.SetReply(question)
	answer.Authoritative = true
	answer.RecursionAvailable = true
	return answer
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

// The answer for a name of the cluster.
func (n *names) own(question *dns.Msg, name string, kind uint16) *dns.Msg {
	n.mutex.RLock()
	defer n.mutex.RUnlock()
	answer := reply(question)
	records, known := n.records(name, question.Question[0].Name)
	if !known {
		answer.Rcode = dns.RcodeNameError
		return answer
	}
	for _, record := range records {
		is := record.Header().Rrtype
		if is == kind || is == dns.TypeCNAME || kind == dns.TypeANY {
			answer.Answer = append(answer.Answer, record)
		}
	}
	return answer
}

// All records of a name, and whether there is such a name.
func (n *names) records(name, asked string) ([]dns.RR, bool) {
	labels := strings.Split(strings.TrimSuffix(strings.TrimSuffix(name, clusterDomain), "."), ".")
	last := len(labels) - 1
	if last == 2 && labels[last] == "pod" {
		ip := net.ParseIP(strings.ReplaceAll(labels[0], "-", ".")).To4()
		if ip == nil {
			return nil, false
		}
		return []dns.RR{address(asked, ip)}, true
	}
	if labels[last] != "svc" || last < 2 {
		// `svc` and a namespace exist without having an address.
		return nil, name == clusterDomain || (labels[last] == "svc" && last < 2)
	}
	id := labels[last-2] + "." + labels[last-1]
	s, ok := n.services[id]
	if !ok {
		return nil, false
	}
	headless := s.Spec.ClusterIP == "None" || s.Spec.ClusterIP == ""
	switch {
	case last == 2 && s.Spec.Type == "ExternalName":
		return []dns.RR{&dns.CNAME{Hdr: header(asked, dns.TypeCNAME), Target: dns.Fqdn(s.Spec.ExternalName)}}, true
	case last == 2 && !headless:
		return []dns.RR{address(asked, net.ParseIP(s.Spec.ClusterIP))}, true
	case last == 2:
		var all []dns.RR
		n.each(id, func(e endpoint) { all = append(all, address(asked, net.ParseIP(e.IP))) })
		return all, true
	case last == 3 && headless:
		var all []dns.RR
		n.each(id, func(e endpoint) {
			if e.label() == labels[0] {
				all = append(all, address(asked, net.ParseIP(e.IP)))
			}
		})
		return all, len(all) > 0
	case last == 4 && strings.HasPrefix(labels[0], "_") && strings.HasPrefix(labels[1], "_"):
		return n.ports(s, id, labels[0][1:], labels[1][1:], asked, headless)
	}
	return nil, false
}

func (n *names) ports(s service, id, name, protocol, asked string, headless bool) ([]dns.RR, bool) {
	host := id + ".svc." + clusterDomain
	srv := func(p port, target string) dns.RR {
		return &dns.SRV{Hdr: header(asked, dns.TypeSRV), Weight: 1, Port: p.Port, Target: target}
	}
	var all []dns.RR
	if !headless {
		for _, p := range s.Spec.Ports {
			if p.Name == name && strings.EqualFold(p.Protocol, protocol) {
				all = append(all, srv(p, host))
			}
		}
		return all, len(all) > 0
	}
	for _, subset := range n.endpoints[id].Subsets {
		for _, p := range subset.Ports {
			if p.Name != name || !strings.EqualFold(p.Protocol, protocol) {
				continue
			}
			for _, e := range subset.Addresses {
				all = append(all, srv(p, e.label()+"."+host))
			}
		}
	}
	return all, len(all) > 0
}

// What stands before the service's name: a host name, or the address with hyphens.
func (e endpoint) label() string {
	if e.Hostname != "" {
		return e.Hostname
	}
	return strings.ReplaceAll(e.IP, ".", "-")
}

func (n *names) each(id string, do func(endpoint)) {
	for _, subset := range n.endpoints[id].Subsets {
		for _, e := range subset.Addresses {
			do(e)
		}
	}
}

func (n *names) reverse(name string) string {
	n.mutex.RLock()
	defer n.mutex.RUnlock()
	for id, s := range n.services {
		if ip := net.ParseIP(s.Spec.ClusterIP); ip != nil {
			if reversed, err := dns.ReverseAddr(s.Spec.ClusterIP); err == nil && reversed == name {
				return fmt.Sprintf("%s.svc.%s", id, clusterDomain)
			}
		}
	}
	return ""
}

func address(name string, ip net.IP) dns.RR {
	return &dns.A{Hdr: header(name, dns.TypeA), A: ip}
}

// Command member keeps one etcd member of a lab: it starts etcd, lets it be
// killed, frozen and started again, and carries the traffic between members, so
// that links can be cut without any privilege.
//
// It answers on port 2390 whoever is in the sandbox:
//
//	GET  /                  what runs, which links are cut, and what was done so far
//	POST /kill              SIGKILL, as a power cut would
//	POST /stop              SIGTERM, and wait
//	POST /start             start again, with the data that was there
//	POST /freeze, /thaw     SIGSTOP, SIGCONT
//	POST /cut?peer=etcd2    nothing gets in from etcd2 any more
//	POST /heal?peer=etcd2   and now it does; without a peer: from all
//
// A link between two members is cut when both ends let nothing in.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

// Who belongs to the cluster. A machine of another name is a cluster of its own.
var cluster = []string{"etcd1", "etcd2", "etcd3"}

const (
	clientPort  = "2379"  // etcd for clients
	peerPort    = "2380"  // our end of the links, where the other members knock
	backPort    = "12380" // etcd's own end of them, on the loopback only
	controlPort = "2390"
)

func main() {
	log.SetFlags(0)
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	members := cluster
	if !slices.Contains(members, name) {
		members = []string{name}
	}
	others := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return m == name })

	links := newLinks(others, net.DefaultResolver.LookupHost, "127.0.0.1:"+backPort)
	knock, err := net.Listen("tcp", ":"+peerPort)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(links.serve(knock)) }()

	process := newProcess(command(name, members))
	if err := process.start(); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              ":" + controlPort,
		Handler:           newControl(name, process, links).handler(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	log.Fatal(server.ListenAndServe())
}

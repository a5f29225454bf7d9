// Command till is a cash desk of the shop. Several run, but only the leader serves.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Keep these as they are: we run copies of your program with other values.
var (
	shop = flag.String("shop", "shop/", "what all keys begin with")
	name = flag.String("name", "till1", "our name")
	port = flag.String("port", "8081", "where we answer")
	ttl  = flag.Int("ttl", 5, "seconds until our lease ends if we go silent")
)

// leads says whether we are the leader now.
var leads atomic.Bool

// lead runs for leader, and returns when that is over; main then calls it again.
// While we lead, and only then, leads is true.
func lead(ctx context.Context, client *clientv3.Client) error {
	// TODO step 4: as it is, every till thinks that it leads.
	leads.Store(true)
	<-ctx.Done()
	return nil
}

// serve answers /?for=Ada when we lead.
func serve(w http.ResponseWriter, r *http.Request) {
	if !leads.Load() {
		http.Error(w, *name+" does not lead", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "%s, you are served by %s\n", r.URL.Query().Get("for"), *name)
}

func main() {
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix(*name + ": ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(os.Getenv("ETCDCTL_ENDPOINTS"), ","),
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	server := &http.Server{Addr: ":" + *port, Handler: http.HandlerFunc(serve)}
	go func() { log.Fatal(server.ListenAndServe()) }()
	for ctx.Err() == nil {
		if err := lead(ctx, client); err != nil && ctx.Err() == nil {
			log.Println(err)
			time.Sleep(time.Second)
		}
	}
}

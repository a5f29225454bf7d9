// Command shop takes orders and has them packed. It is one program with two roles:
//
//	shop web      takes orders over HTTP and puts them into the queue
//	shop worker   takes them out of the queue and has the warehouse pack them
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build: go build -ldflags "-X main.version=1".
var version = "dev"

func main() {
	// Ctrl-C and Kubernetes both ask a program to leave; ctx says so.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	role := ""
	if len(os.Args) == 2 {
		role = os.Args[1]
	}
	switch role {
	case "web":
		runWeb(ctx)
	case "worker":
		runWorker(ctx)
	default:
		fmt.Fprintln(os.Stderr, "usage: shop web | shop worker")
		os.Exit(2)
	}
}

// me is who this process is: the machine (in Kubernetes the Pod) and the version.
func me() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return host + " v" + version
}

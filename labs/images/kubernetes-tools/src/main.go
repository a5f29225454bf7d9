// Command slipway-kube is what a cluster of a sandbox needs beside Kubernetes
// itself. One program with several parts, so that its code is in memory once.
package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		explain()
	}
	var err error
	switch part, args := os.Args[1], os.Args[2:]; part {
	case "credentials":
		err = credentials(args)
	case "control":
		err = control()
	case "nodes":
		err = nodes()
	case "node":
		err = node(args)
	case "without-fallocate":
		err = withoutFallocate(args)
	default:
		explain()
	}
	if err != nil {
		log.Fatalf("slipway-kube %s: %v", os.Args[1], err)
	}
}

func explain() {
	fmt.Fprintln(os.Stderr, `usage: slipway-kube PART
  credentials control|nodes|desk FOLDER   derive keys and tokens from SLIPWAY_GRADER_SECRET
  control                                 the control plane
  nodes                                   everything on the machine of the nodes
  node NUMBER                             the processes of one node, in its namespaces
  without-fallocate PROGRAM…              run a program that shall not reserve files' space`)
	os.Exit(2)
}

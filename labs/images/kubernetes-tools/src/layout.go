package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
)

// Where everything is. Machines know one another by these names.
const (
	controlHost = "control"
	nodesHost   = "nodes"
	// Everything that the machines make at their start.
	runFolder = "/run/slipway-kubernetes"
	// The network between the nodes, inside of their machine.
	bridgeAddress = "172.30.0.1"
	podNetwork    = "10.244.0.0/16"
	// What the machine of the nodes shows to the others.
	helperPort    = 8443
	firstNodePort = 30080
	lastNodePort  = 30089
	// Inside of the nodes' machine.
	registryPort = 5000
	metricsPort  = 4443
	usagePort    = 10300
)

func nodeName(i int) string    { return fmt.Sprintf("node%d", i) }
func hollowName(i int) string  { return fmt.Sprintf("hollow%d", i) }
func nodeAddress(i int) string { return fmt.Sprintf("172.30.0.%d", 10+i) }
func podRange(i int) string    { return fmt.Sprintf("10.244.%d.0/24", i) }

// A number from the environment; 0 when there is none.
func count(variable string) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func base64Of(content []byte) string {
	return base64.StdEncoding.EncodeToString(content)
}

package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The machine of the nodes: a bridge with the nodes on it, and what stands
// around them: name service, metrics, registry, ways in from the other machines.
func nodes() error {
	all := make([]*machine, count("SLIPWAY_NODES"))
	for i := range all {
		all[i] = &machine{number: i + 1, wake: make(chan struct{}, 1)}
		go all[i].run()
	}
	roots, err := certificateAuthority(keys)
	if err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(key("helper.crt"), key("helper.key"))
	if err != nil {
		return err
	}
	token, err := os.ReadFile(key("power.token"))
	if err != nil {
		return err
	}
	secured := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.VerifyClientCertIfGiven,
		ClientCAs:    roots,
	}
	failed := make(chan error, 4)
	go func() { failed <- serveNames() }()
	go func() { failed <- serveMetrics(secured, all) }()
	go func() {
		address := fmt.Sprintf("%s:%d", bridgeAddress, registryPort)
		failed <- http.ListenAndServe(address, registry("/usr/lib/slipway/registry"))
	}()
	go func() {
		server := &http.Server{
			Addr:      fmt.Sprintf(":%d", helperPort),
			TLSConfig: secured,
			Handler:   &door{nodes: all, token: strings.TrimSpace(string(token))},
			// CONNECT is of HTTP/1.
			TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		}
		failed <- server.ListenAndServeTLS("", "")
	}()
	for port := firstNodePort; port <= lastNodePort; port++ {
		if err := serveNodePort(port, all); err != nil {
			return err
		}
	}
	return <-failed
}

// One node: a process that is the first of namespaces of its own, or none while
// it is switched off.
type machine struct {
	number int
	wake   chan struct{}

	mutex sync.Mutex
	off   bool
	pid   int
}

func (m *machine) name() string { return nodeName(m.number) }

func (m *machine) run() {
	pause := firstPause
	for {
		if m.isOff() {
			<-m.wake
			continue
		}
		started := time.Now()
		err := m.start()
		if m.isOff() {
			continue
		}
		if time.Since(started) > settled {
			pause = firstPause
		}
		log.Printf("%s ended (%v), starts again in %v", m.name(), err, pause)
		time.Sleep(pause)
		pause = min(2*pause, longPause)
	}
}

func (m *machine) start() error {
	command := exec.Command("/usr/lib/slipway/node-init", fmt.Sprint(m.number))
	command.Env = append(os.Environ(),
		"NODE="+m.name(), "ADDRESS="+nodeAddress(m.number), "PODS="+podRange(m.number))
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig: syscall.SIGKILL,
	}
	output, err := command.StderrPipe()
	if err != nil {
		return err
	}
	command.Stdout = command.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	m.mutex.Lock()
	m.pid = command.Process.Pid
	off := m.off
	m.mutex.Unlock()
	if off {
		command.Process.Kill()
	} else if err := plugIn(m.number, command.Process.Pid); err != nil {
		log.Printf("network of %s: %v", m.name(), err)
		command.Process.Kill()
	}
	keepEnd(filepath.Join(logs, m.name()+".log"), output)
	err = command.Wait()
	m.mutex.Lock()
	m.pid = 0
	m.mutex.Unlock()
	return err
}

// A cable from the node to the bridge.
func plugIn(number, pid int) error {
	link := fmt.Sprintf("node%d", number)
	// Left from a node that has just ended.
	_ = exec.Command("ip", "link", "del", link).Run()
	add := exec.Command("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", fmt.Sprint(pid))
	if text, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	up := exec.Command("ip", "link", "set", link, "master", "nodes", "up")
	if text, err := up.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

func (m *machine) isOff() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.off
}

// Like the power button: what runs ends without a word.
func (m *machine) switchTo(on bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.off = !on
	if !on && m.pid != 0 {
		// The first process of its namespace takes all others with it.
		_ = syscall.Kill(m.pid, syscall.SIGKILL)
	}
	if on {
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

// A command in the namespaces of a node that runs.
func (m *machine) inside(argv ...string) *exec.Cmd {
	m.mutex.Lock()
	pid := m.pid
	m.mutex.Unlock()
	if pid == 0 {
		return nil
	}
	enter := []string{"-t", fmt.Sprint(pid), "-m", "-n", "-u", "-i", "-p", "--"}
	return exec.Command("nsenter", append(enter, argv...)...)
}

// A port of the cluster: like a load balancer in front of it, each client's
// connections go to one node, and to the next when that one does not take them.
// Always to the same, since a node remembers by itself whom it sent where.
func serveNodePort(port int, all []*machine) error {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				log.Fatalf("port %d: %v", port, err)
			}
			go func() {
				first := firstChoice(client.RemoteAddr(), len(all))
				for i := range all {
					node := all[(first+i)%len(all)]
					if node.isOff() {
						continue
					}
					server, err := net.DialTimeout("tcp",
						fmt.Sprintf("%s:%d", nodeAddress(node.number), port), 2*time.Second)
					if err == nil {
						join(client, server)
						return
					}
				}
				client.Close()
			}()
		}
	}()
	return nil
}

// The node, of so many, that a client is sent to while it takes connections.
func firstChoice(client net.Addr, nodes int) int {
	address, ok := client.(*net.TCPAddr)
	if !ok {
		return 0
	}
	sum := 0
	for _, part := range address.IP {
		sum += int(part)
	}
	return sum % nodes
}

// Both directions, until both have ended.
func join(a, b net.Conn) {
	var done sync.WaitGroup
	done.Add(2)
	one := func(to, from net.Conn) {
		defer done.Done()
		_, _ = io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	go one(a, b)
	go one(b, a)
	done.Wait()
	a.Close()
	b.Close()
}

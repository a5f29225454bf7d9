package main

import (
	"encoding/binary"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	stateFolder = "/run/etcd"
	logFile     = "/run/etcd/log"
	// How long etcd may take to end when asked before it is killed.
	stopTimeout = 10 * time.Second
	// After etcd ended by itself.
	restartPause = time.Second
)

// command is how etcd is started: as its own user, without any capability.
func command(name string, members []string) []string {
	cluster := make([]string, len(members))
	for i, member := range members {
		cluster[i] = member + "=http://" + member + ":" + peerPort
	}
	return []string{
		"/usr/bin/setpriv", "--reuid=etcd", "--regid=etcd", "--clear-groups", "--inh-caps=-all",
		"--bounding-set=-all", "--no-new-privs", "--pdeathsig=KILL",
		"--seccomp-filter", filepath.Join(stateFolder, "sparse.bpf"),
		"/usr/bin/etcd",
		"--name", name,
		"--data-dir", filepath.Join(stateFolder, "data"),
		"--listen-client-urls", "http://0.0.0.0:" + clientPort,
		"--advertise-client-urls", "http://" + name + ":" + clientPort,
		"--listen-peer-urls", "http://127.0.0.1:" + backPort,
		"--initial-advertise-peer-urls", "http://" + name + ":" + peerPort,
		"--initial-cluster", strings.Join(cluster, ","),
		"--initial-cluster-token", "slipway",
		"--initial-cluster-state", "new",
		// Generous, for machines that share a busy processor; still soon enough to watch.
		"--heartbeat-interval", "150", "--election-timeout", "1500",
		"--quota-backend-bytes", "16777216",
		// On a tmpfs there is no disk to wait for.
		"--unsafe-no-fsync",
		"--log-level", "warn",
	}
}

// sparse is a filter that makes fallocate answer "not supported". etcd reserves 128 MiB for its log
// ahead of time; on a tmpfs that is memory. Refused, it makes the files sparse instead.
func sparse() []byte {
	instructions := []struct {
		code   uint16
		jt, jf uint8
		k      uint32
	}{
		{0x20, 0, 0, 0}, // load the call's number
		{0x15, 0, 1, uint32(syscall.SYS_FALLOCATE)},        // is it fallocate?
		{0x06, 0, 0, 0x00050000 | uint32(syscall.ENOTSUP)}, // then that error,
		{0x06, 0, 0, 0x7fff0000},                           // else go on
	}
	var out []byte
	for _, i := range instructions {
		out = binary.NativeEndian.AppendUint16(out, i.code)
		out = append(out, i.jt, i.jf)
		out = binary.NativeEndian.AppendUint32(out, i.k)
	}
	return out
}

// prepare makes what etcd needs before it starts.
func prepare() error {
	setup := exec.Command("/usr/bin/install", "-d", "-o", "etcd", "-g", "etcd", "-m", "0700",
		filepath.Join(stateFolder, "data"))
	if err := os.MkdirAll(stateFolder, 0o755); err != nil {
		return err
	}
	if err := setup.Run(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(stateFolder, "sparse.bpf"), sparse(), 0o644)
}

// The states of a process.
const (
	running = "running"
	frozen  = "frozen"
	stopped = "stopped"
)

var (
	errRuns   = errors.New("etcd runs already")
	errStops  = errors.New("etcd is stopped")
	errFrozen = errors.New("etcd is frozen: thaw it first")
	errThawed = errors.New("etcd is not frozen")
)

// process is the one etcd of this machine. Ended by us, it stays dead until somebody starts it;
// ended by itself, as it does when it can't join the others at first, it is started again.
type process struct {
	argv []string
	want chan chan error // asks the thread that starts processes

	mu     sync.Mutex
	state  string
	pid    int
	doomed bool          // we are ending it
	ended  chan struct{} // closed when the running one has ended
}

func newProcess(argv []string) *process {
	p := &process{argv: argv, want: make(chan chan error), state: stopped}
	go p.starter()
	return p
}

// starter starts every process from one thread: the kernel ends a child when the *thread* that
// started it ends, and etcd must not outlive us.
func (p *process) starter() {
	runtime.LockOSThread()
	for answer := range p.want {
		answer <- p.launch()
	}
}

func (p *process) launch() error {
	if err := prepare(); err != nil {
		return err
	}
	// A log of the last start only: /run is small.
	out, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir = stateFolder
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.mu.Lock()
	p.state, p.pid, p.ended, p.doomed = running, cmd.Process.Pid, ended, false
	p.mu.Unlock()
	go func() {
		log.Println("etcd ended:", cmd.Wait())
		p.mu.Lock()
		p.state, p.pid = stopped, 0
		doomed := p.doomed
		p.mu.Unlock()
		close(ended)
		if doomed {
			return
		}
		time.Sleep(restartPause)
		if err := p.start(); err != nil && !errors.Is(err, errRuns) {
			log.Println("etcd can't be started again:", err)
		}
	}()
	return nil
}

// now says how the process is.
func (p *process) now() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

func (p *process) start() error {
	switch p.now() {
	case running:
		return errRuns
	case frozen:
		return errFrozen
	}
	answer := make(chan error)
	p.want <- answer
	return <-answer
}

// end sends a signal that shall end the process, and waits until it has.
func (p *process) end(signal syscall.Signal) error {
	p.mu.Lock()
	pid, ended, state := p.pid, p.ended, p.state
	p.mu.Unlock()
	if state == stopped {
		return errStops
	}
	if state == frozen && signal != syscall.SIGKILL {
		return errFrozen
	}
	p.mu.Lock()
	p.doomed = true
	p.mu.Unlock()
	if err := syscall.Kill(pid, signal); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(stopTimeout):
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	<-ended
	return nil
}

func (p *process) freeze() error { return p.change(running, frozen, syscall.SIGSTOP) }
func (p *process) thaw() error   { return p.change(frozen, running, syscall.SIGCONT) }

func (p *process) change(from, to string, signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.state == stopped:
		return errStops
	case p.state != from && from == frozen:
		return errThawed
	case p.state != from:
		return errFrozen
	}
	if err := syscall.Kill(p.pid, signal); err != nil {
		return err
	}
	p.state = to
	return nil
}

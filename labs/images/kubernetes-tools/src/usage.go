package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Where containerd keeps what runs: `<container>/init.pid` and `config.json`.
const tasks = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"

const (
	sampleEvery = 5 * time.Second
	// How many samples a rate spans.
	samplesKept = 4
	// The kernel counts processor time in hundredths of a second.
	ticks = 100
)

// What containers and node use, measured from the processes themselves: there
// are no control groups here that would count.
type nodeUsage struct {
	At         time.Time        `json:"at"`
	Window     float64          `json:"window"`
	Node       resources        `json:"node"`
	Containers []containerUsage `json:"containers"`
}

type resources struct {
	// Cores.
	CPU float64 `json:"cpu"`
	// Bytes.
	Memory uint64 `json:"memory"`
}

type containerUsage struct {
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	Usage     resources `json:"usage"`
}

// One look: counters by container; "" is the whole node.
type sample struct {
	at     time.Time
	ticks  map[string]uint64
	memory map[string]uint64
}

type usage struct {
	mutex   sync.Mutex
	samples []sample
	about   map[string]containerUsage
}

func newUsage() *usage { return &usage{about: map[string]containerUsage{}} }

func (u *usage) sample() {
	for {
		next := u.look()
		u.mutex.Lock()
		u.samples = append(u.samples, next)
		if len(u.samples) > samplesKept {
			u.samples = u.samples[1:]
		}
		u.mutex.Unlock()
		time.Sleep(sampleEvery)
	}
}

func (u *usage) look() sample {
	s := sample{at: time.Now(), ticks: map[string]uint64{}, memory: map[string]uint64{}}
	// A container's processes are those of its process namespace.
	owner := map[string]string{}
	found, _ := os.ReadDir(tasks)
	alive := map[string]bool{}
	for _, entry := range found {
		id := entry.Name()
		pid, err := os.ReadFile(filepath.Join(tasks, id, "init.pid"))
		if err != nil || !u.describe(id) {
			continue
		}
		alive[id] = true
		if space, err := os.Readlink("/proc/" + strings.TrimSpace(string(pid)) + "/ns/pid"); err == nil {
			owner[space] = id
			s.ticks[id] += 0
		}
	}
	u.mutex.Lock()
	for id := range u.about {
		if !alive[id] {
			delete(u.about, id)
		}
	}
	u.mutex.Unlock()
	processes, _ := os.ReadDir("/proc")
	for _, entry := range processes {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		used, memory, ok := readStat("/proc/" + entry.Name() + "/stat")
		if !ok {
			continue
		}
		s.ticks[""] += used
		s.memory[""] += memory
		space, err := os.Readlink("/proc/" + entry.Name() + "/ns/pid")
		if id, known := owner[space]; err == nil && known {
			s.ticks[id] += used
			s.memory[id] += memory
		}
	}
	return s
}

// Learns what a container belongs to; false for the one that holds a pod's namespaces.
func (u *usage) describe(id string) bool {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if _, known := u.about[id]; !known {
		var config struct {
			Annotations map[string]string `json:"annotations"`
		}
		content, err := os.ReadFile(filepath.Join(tasks, id, "config.json"))
		if err != nil || json.Unmarshal(content, &config) != nil {
			return false
		}
		const prefix = "io.kubernetes.cri."
		u.about[id] = containerUsage{
			Namespace: config.Annotations[prefix+"sandbox-namespace"],
			Pod:       config.Annotations[prefix+"sandbox-name"],
			Container: config.Annotations[prefix+"container-name"],
		}
	}
	return u.about[id].Container != ""
}

// Processor time, that of ended children included, and memory of a process.
func readStat(path string) (used, memory uint64, ok bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, false
	}
	// The name in parentheses may hold anything.
	end := strings.LastIndex(string(content), ") ")
	if end < 0 {
		return 0, 0, false
	}
	fields := strings.Fields(string(content)[end+2:])
	if len(fields) < 22 {
		return 0, 0, false
	}
	number := func(place int) uint64 {
		n, _ := strconv.ParseUint(fields[place], 10, 64)
		return n
	}
	// Places count from `state`, the third field: utime, stime, cutime, cstime; rss.
	return number(11) + number(12) + number(13) + number(14), number(21) * uint64(os.Getpagesize()), true
}

// The rates between the oldest and the newest sample.
func (u *usage) current() (nodeUsage, bool) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if len(u.samples) < 2 {
		return nodeUsage{}, false
	}
	newest := u.samples[len(u.samples)-1]
	rate := func(id string) (float64, bool) {
		for _, s := range u.samples[:len(u.samples)-1] {
			before, known := s.ticks[id]
			if !known {
				continue
			}
			after := newest.ticks[id]
			if after < before {
				// A process ended that nobody waited for.
				after = before
			}
			return float64(after-before) / ticks / newest.at.Sub(s.at).Seconds(), true
		}
		return 0, false
	}
	cpu, _ := rate("")
	answer := nodeUsage{
		At:     newest.at,
		Window: newest.at.Sub(u.samples[0].at).Seconds(),
		Node:   resources{CPU: cpu, Memory: newest.memory[""]},
	}
	for id, about := range u.about {
		cpu, known := rate(id)
		if _, now := newest.ticks[id]; !known || !now || about.Container == "" {
			continue
		}
		about.Usage = resources{CPU: cpu, Memory: newest.memory[id]}
		answer.Containers = append(answer.Containers, about)
	}
	return answer, true
}

func (u *usage) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	answer, ok := u.current()
	if !ok {
		http.Error(w, "nothing measured yet", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

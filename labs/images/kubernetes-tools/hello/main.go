// Built without a module file, a program gets the defaults of old releases.
//go:debug httpmuxgo121=0

// Command hello is the service in the image `hello` of a fresh cluster: it says
// who answers, can be made busy, and can fall ill.
//
//	GET  /            hello v1 from <pod>
//	GET  /healthz     200 ok, or 500 after POST /break
//	GET  /ready       200 ok, or 503 during READY_AFTER and after POST /unready
//	GET  /burn?ms=100 computes for so long (at most 10 s)
//	GET  /env         what the program was given: environment, sorted
//	POST /echo        the body, as it came
//	POST /break, /unready, /exit?code=1
//
// VERSION and GREETING change what it says; START_AFTER and READY_AFTER (such as
// 10s) make it slow; PORT is 8080.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime)
	pod, _ := os.Hostname()
	version := or("VERSION", "1")
	greeting := or("GREETING", "hello")
	if os.Getenv("BROKEN") != "" {
		log.Fatalf("hello v%s: cannot read the configuration, giving up", version)
	}
	time.Sleep(span("START_AFTER"))
	readyAt := time.Now().Add(span("READY_AFTER"))
	var broken, unready atomic.Bool

	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s v%s from %s\n", greeting, version, pod)
	})
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if unready.Load() || time.Now().Before(readyAt) {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("GET /burn", func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
		if err != nil || ms < 0 {
			ms = 100
		}
		rounds := burn(time.Duration(min(ms, 10_000)) * time.Millisecond)
		fmt.Fprintf(w, "%d rounds by %s\n", rounds, pod)
	})
	http.HandleFunc("GET /env", func(w http.ResponseWriter, _ *http.Request) {
		all := os.Environ()
		sort.Strings(all)
		for _, line := range all {
			fmt.Fprintln(w, line)
		}
	})
	http.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, http.MaxBytesReader(w, r.Body, 1<<20))
	})
	http.HandleFunc("POST /break", func(w http.ResponseWriter, _ *http.Request) {
		log.Print("asked to break")
		broken.Store(true)
		fmt.Fprintln(w, "broken from now on")
	})
	http.HandleFunc("POST /unready", func(w http.ResponseWriter, _ *http.Request) {
		log.Print("asked to be unready")
		unready.Store(true)
		fmt.Fprintln(w, "not ready from now on")
	})
	http.HandleFunc("POST /exit", func(_ http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(r.URL.Query().Get("code"))
		if err != nil {
			code = 1
		}
		log.Printf("asked to exit with %d", code)
		os.Exit(code)
	})

	server := &http.Server{Addr: ":" + or("PORT", "8080"), Handler: logged(http.DefaultServeMux)}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		log.Print("asked to stop, finishing what is under way")
		// Whoever balances load needs a moment to learn of it.
		time.Sleep(time.Second)
		finish, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(finish)
	}()
	log.Printf("hello v%s listens on %s", version, server.Addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	log.Print("bye")
}

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Probes ask every few seconds.
		if r.URL.Path != "/healthz" && r.URL.Path != "/ready" {
			log.Printf("%s %s", r.Method, r.URL.Path)
		}
		next.ServeHTTP(w, r)
	})
}

func burn(long time.Duration) (rounds int) {
	end := time.Now().Add(long)
	x := uint64(88172645463325252)
	for time.Now().Before(end) {
		for range 100_000 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
		rounds++
	}
	if x == 0 {
		rounds++
	}
	return rounds
}

func or(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

func span(variable string) time.Duration {
	d, err := time.ParseDuration(os.Getenv(variable))
	if err != nil {
		return 0
	}
	return d
}

# Shutdown in the background, ListenAndServe in main: it returns as soon as Shutdown begins, main
# ends with it, and nobody waits for the requests under way.
. /etc/profile
set -eu
cd ~/hello
cat >main.go <<'GO'
// Command hello is a small HTTP service.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", greet)
	mux.HandleFunc("GET /healthz", health)
	mux.HandleFunc("GET /slow", slow)
	return mux
}

// greet answers requests such as /?name=Ada.
func greet(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "world"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Hello, %s!\n", name)
}

// health says that the service can answer at all.
func health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]string{"status": "ok"}); err != nil {
		log.Println("health:", err)
	}
}

// slow stands for work that takes a while.
func slow(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(2 * time.Second)
	fmt.Fprintln(w, "done")
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: newHandler()}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(deadline); err != nil {
			log.Println("shutdown:", err)
		}
	}()

	log.Println("listening on port", port)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
GO

# The one before has to give up the port first.
mkdir -p ~/.solution
if [ -e ~/.solution/pid ]; then
    kill "$(cat ~/.solution/pid)" 2>/dev/null || true
    for _ in $(seq 100); do curl -s -o /dev/null localhost:8080/ || break; sleep 0.1; done
fi
go build -o ~/.solution/hello .
setsid nohup ~/.solution/hello >~/.solution/log 2>&1 </dev/null &
echo $! >~/.solution/pid
for _ in $(seq 100); do curl -s -o /dev/null localhost:8080/ && exit 0; sleep 0.1; done
cat ~/.solution/log >&2
exit 1

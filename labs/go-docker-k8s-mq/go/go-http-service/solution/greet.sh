# The greeting, then the service in the background, as terminal 2 would run it.
. /etc/profile
set -eu
cd ~/hello
cat >main.go <<'GO'
// Command hello is a small HTTP service.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", greet)
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

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: newHandler()}
	log.Println("listening on port", port)
	log.Fatal(server.ListenAndServe())
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

// Command greeter answers on port 9000 and says where it runs.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("GET /{$}", greet)
	log.Println("listening on port 9000")
	log.Fatal(http.ListenAndServe(":9000", nil))
}

func greet(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "world"
	}
	host, _ := os.Hostname()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Hello, %s! I am process %d on %s.\n", name, os.Getpid(), host)
}

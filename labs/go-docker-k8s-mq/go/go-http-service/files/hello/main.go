// Command hello is a small HTTP service.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

// newHandler decides which function answers which request. Keep this line as it is:
// main starts it, and your test in step 3 calls it.
func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", greet)
	// TODO step 2: let "GET /healthz" be answered by a function of your own.
	// TODO step 4: let "GET /slow" be answered by a function that takes two seconds.
	return mux
}

// greet answers requests such as /?name=Ada.
func greet(w http.ResponseWriter, r *http.Request) {
	// TODO step 1: answer "Hello, Ada!" to /?name=Ada, and "Hello, world!" without a name.
	fmt.Fprintln(w, "TODO")
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: newHandler()}

	// TODO step 4: on SIGTERM, let running requests finish before the program ends.
	log.Println("listening on port", port)
	log.Fatal(server.ListenAndServe())
}

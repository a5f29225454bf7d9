// Command shop is two services in one program. Alone it is the store: it keeps orders in a file.
// With STORE_URL it is the front: it passes every request on to the store at that address.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const file = "/data/orders.txt"

func main() {
	handler := http.Handler(http.HandlerFunc(store))
	if url := os.Getenv("STORE_URL"); url != "" {
		handler = front(url)
	}
	http.Handle("/orders", handler)
	http.Handle("/{$}", http.RedirectHandler("/orders", http.StatusFound))
	log.Println("listening on port 8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

var writing sync.Mutex

// store answers GET with all orders and takes a new one with POST. Each line begins with the name
// of the machine that wrote it: a container is called by the start of its ID.
func store(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 200))
		if err != nil {
			http.Error(w, "an order has 200 bytes at most", http.StatusRequestEntityTooLarge)
			return
		}
		host, _ := os.Hostname()
		if err := add(host + " " + strings.Join(strings.Fields(string(body)), " ")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	orders, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(orders)
}

func add(line string) error {
	writing.Lock()
	defer writing.Unlock()
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = fmt.Fprintln(out, line)
	return err
}

// front passes requests on, and says so in a header.
func front(url string) http.Handler {
	// Each request asks for the store's address anew: a connection that is kept would go on to an
	// address that the store has left.
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _ := os.Hostname()
		w.Header().Set("X-Front", host)
		request, err := http.NewRequestWithContext(r.Context(), r.Method, url+"/orders", r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer, err := client.Do(request)
		if err != nil {
			http.Error(w, "the store cannot be reached: "+err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	})
}

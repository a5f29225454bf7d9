// Command orders answers on port 8080 what an order costs.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
)

// version is set when the program is built: go build -ldflags "-X main.version=1.0"
var version = "unknown"

func main() {
	http.HandleFunc("GET /about", about)
	http.HandleFunc("GET /total", total)
	http.Handle("GET /{$}", http.RedirectHandler("/about", http.StatusFound))
	log.Println("orders", version, "listens on port 8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// about says which version this is. The environment comes from outside, when the container starts.
func about(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "orders %s in %s%s\n", version, os.Getenv("SHOP_ENV"), note(r))
}

// total answers GET /total?cups=3&price=12 with 36.
func total(w http.ResponseWriter, r *http.Request) {
	cups, err := strconv.Atoi(r.URL.Query().Get("cups"))
	price, err2 := strconv.Atoi(r.URL.Query().Get("price"))
	if err != nil || err2 != nil || cups < 0 || price < 0 {
		http.Error(w, "cups and price are whole numbers", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%d%s\n", (cups-free(cups))*price, note(r))
}

// free is how many of the cups cost nothing: of ten cups, one is free.
func free(cups int) int {
	if cups > 10 {
		return 1
	}
	return 0
}

// note repeats what the caller wants to find in the answer.
func note(r *http.Request) string {
	if text := r.URL.Query().Get("note"); text != "" {
		return " (" + text + ")"
	}
	return ""
}

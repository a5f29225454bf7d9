// Command orders takes the tea shop's orders on port 8080.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
)

// note is what every customer is told. Change it to see what a build does.
const note = "one cup, coming up"

type answer struct {
	Tea  string `json:"tea"`
	Note string `json:"note"`
	User int    `json:"user"` // the user number that this program runs as
}

func main() {
	http.HandleFunc("GET /orders/{tea}", order)
	http.Handle("GET /{$}", http.RedirectHandler("/orders/oolong", http.StatusFound))
	log.Println("listening on port 8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func order(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	taken := answer{Tea: r.PathValue("tea"), Note: note, User: os.Getuid()}
	if err := json.NewEncoder(w).Encode(taken); err != nil {
		log.Println("answering:", err)
	}
}

// Command orders takes orders over HTTP.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	"shop/work"
)

// take answers POST /orders.
func take(w http.ResponseWriter, r *http.Request) {
	var order work.Order
	if err := json.NewDecoder(r.Body).Decode(&order); err != nil || !order.Valid() {
		http.Error(w, `send something like {"id": "tea-1", "tea": "longjing", "grams": 100}`, http.StatusBadRequest)
		return
	}
	if err := work.Store(order); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}

	// TODO step 2: put the order into the queue, and answer 202: accepted, not done yet.
	if err := work.Do(order); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated) // 201
	fmt.Fprintln(w, "done:", order.ID)
}

// show answers GET /orders/{id}: what was done for the order so far.
func show(w http.ResponseWriter, r *http.Request) {
	progress, err := work.Progress(r.PathValue("id"))
	if err != nil {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(progress)
}

func main() {
	http.HandleFunc("POST /orders", take)
	http.HandleFunc("GET /orders/{id}", show)
	log.Println("taking orders on port 8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

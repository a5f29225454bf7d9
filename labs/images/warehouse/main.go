// Command warehouse packs parcels for a shop. Each call of POST /parcels is a parcel,
// unless it carries an Idempotency-Key that was seen before. Every fifth parcel is packed
// and its answer lost, as happens between machines: the caller can't tell whether it exists.
//
//	POST /parcels          {"order": "t-1", "tea": "puer", "grams": 50, "by": "worker-1"}
//	GET  /parcels          the last parcels, newest first
//	GET  /parcels/{order}  all parcels of one order, in the order in which they were packed
//	GET  /                 the same as a page
//	GET  /healthz          200
package main

import (
	"embed"
	"encoding/json"
	"html/template"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// packing is how long a parcel takes.
	packing = 200 * time.Millisecond
	// lostEvery says which answers are lost: those of every so manieth parcel.
	lostEvery = 5
	// mostParcels is how many parcels there is room for.
	mostParcels = 20000
	// shown is how many parcels the page and the list have.
	shown = 25
)

// A parcel is what was packed for an order.
type parcel struct {
	Number int    `json:"number"`
	Order  string `json:"order"`
	Tea    string `json:"tea"`
	Grams  int    `json:"grams"`
	Gift   string `json:"gift,omitempty"`
	// By is who asked for it, in their own words; From the address of their machine.
	By   string `json:"by"`
	From string `json:"from"`
	// Calls is how often it was asked for, with the same key.
	Calls int `json:"calls"`
	// Lost says that the answer to the first call never arrived.
	Lost bool `json:"lost"`
}

type warehouse struct {
	lock    sync.Mutex
	parcels []*parcel
	byKey   map[string]*parcel
	byOrder map[string][]*parcel
	doubles int
}

// pack makes a parcel, or finds the one that was made for the same key. The second result says
// whether it is new; the parcel is a copy, nil when there is no room.
func (h *warehouse) pack(wanted parcel, key string) (*parcel, bool) {
	h.lock.Lock()
	defer h.lock.Unlock()
	if known := h.byKey[key]; key != "" && known != nil {
		known.Calls++
		answer := *known
		return &answer, false
	}
	if len(h.parcels) >= mostParcels {
		return nil, false
	}
	wanted.Number = len(h.parcels) + 1
	wanted.Calls = 1
	wanted.Lost = wanted.Number%lostEvery == 0
	h.parcels = append(h.parcels, &wanted)
	if key != "" {
		h.byKey[key] = &wanted
	}
	if len(h.byOrder[wanted.Order]) > 0 {
		h.doubles++
	}
	h.byOrder[wanted.Order] = append(h.byOrder[wanted.Order], &wanted)
	answer := wanted
	return &answer, true
}

func (h *warehouse) takeOrder(w http.ResponseWriter, r *http.Request) {
	var wanted parcel
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted)
	if err != nil || wanted.Order == "" || wanted.Tea == "" || wanted.Grams <= 0 {
		http.Error(w, `send something like {"order": "t-1", "tea": "puer", "grams": 50}`, http.StatusBadRequest)
		return
	}
	wanted.From, _, _ = net.SplitHostPort(r.RemoteAddr)
	select {
	case <-time.After(packing):
	case <-r.Context().Done():
		return // nobody waits for it any more
	}
	packed, isNew := h.pack(wanted, r.Header.Get("Idempotency-Key"))
	if packed == nil {
		http.Error(w, "the warehouse is full", http.StatusInsufficientStorage)
		return
	}
	if isNew && packed.Lost {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	w.Header().Set("Content-Type", "application/json")
	if isNew {
		w.WriteHeader(http.StatusCreated)
	}
	_ = json.NewEncoder(w).Encode(packed)
}

func (h *warehouse) ofOrder(w http.ResponseWriter, r *http.Request) {
	h.lock.Lock()
	defer h.lock.Unlock()
	found := h.byOrder[r.PathValue("order")]
	if found == nil {
		found = []*parcel{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found)
}

// A row is a parcel on the page.
type row struct {
	parcel
	// Double says that its order has several parcels.
	Double bool
}

type overview struct {
	Parcels int   `json:"parcels"`
	Orders  int   `json:"orders"`
	Doubles int   `json:"doubles"`
	Last    []row `json:"last"`
}

func (h *warehouse) overview() overview {
	h.lock.Lock()
	defer h.lock.Unlock()
	all := overview{Parcels: len(h.parcels), Orders: len(h.byOrder), Doubles: h.doubles, Last: []row{}}
	for i := len(h.parcels) - 1; i >= 0 && len(all.Last) < shown; i-- {
		packed := *h.parcels[i]
		all.Last = append(all.Last, row{packed, len(h.byOrder[packed.Order]) > 1})
	}
	return all
}

func (h *warehouse) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(h.overview())
}

//go:embed page.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

func (h *warehouse) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, h.overview())
}

func main() {
	h := &warehouse{byKey: map[string]*parcel{}, byOrder: map[string][]*parcel{}}
	http.HandleFunc("POST /parcels", h.takeOrder)
	http.HandleFunc("GET /parcels", h.list)
	http.HandleFunc("GET /parcels/{order}", h.ofOrder)
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /{$}", h.page)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// Command tea-shop is an order service that belongs to somebody else: it takes orders
// over HTTP and puts each of them into the queue "orders".
//
//	POST /orders   {"tea": "puer", "grams": 50}; answers with what it put into the queue
//	GET  /orders   the numbers of all orders so far, one a line
//	POST /rollout  replaces version 1 by version 2, which has two more fields
//	GET  /healthz  200 when the broker is reached
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// publishTimeout is how long the broker may take to confirm a message.
const publishTimeout = 5 * time.Second

// mostOrders is how many numbers are remembered; older ones are dropped.
const mostOrders = 1000

// A request is what a customer sends.
type request struct {
	Tea   string `json:"tea"`
	Grams int    `json:"grams"`
	Gift  string `json:"gift"`
}

// An order is what goes into the queue. Version 1 leaves the last two fields out.
type order struct {
	ID     string `json:"id"`
	Tea    string `json:"tea"`
	Grams  int    `json:"grams"`
	Gift   string `json:"gift,omitempty"`
	Coupon string `json:"coupon,omitempty"`
}

type shop struct {
	lock    sync.Mutex
	channel *amqp.Channel
	version int
	orders  []string
}

// connected is a channel to the broker, a new one if the last has closed. The lock is held.
func (s *shop) connected() (*amqp.Channel, error) {
	if s.channel != nil && !s.channel.IsClosed() {
		return s.channel, nil
	}
	connection, err := amqp.DialConfig(os.Getenv("AMQP_URL"), amqp.Config{
		Properties: amqp.Table{"connection_name": "tea-shop"},
	})
	if err != nil {
		return nil, err
	}
	channel, err := connection.Channel()
	if err == nil {
		err = channel.Confirm(false)
	}
	if err == nil {
		_, err = channel.QueueDeclare("orders", true, false, false, false, nil)
	}
	if err != nil {
		connection.Close()
		return nil, err
	}
	s.channel = channel
	return channel, nil
}

// place makes an order of a request and hands it to the broker.
func (s *shop) place(ctx context.Context, asked request) (order, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	placed := order{ID: "o-" + strings.ToLower(rand.Text()[:8]), Tea: asked.Tea, Grams: asked.Grams}
	if s.version >= 2 {
		placed.Gift = asked.Gift
		placed.Coupon = "TEA-" + rand.Text()[:4]
	}
	body, err := json.Marshal(placed)
	if err != nil {
		return order{}, err
	}
	channel, err := s.connected()
	if err != nil {
		return order{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	confirm, err := channel.PublishWithDeferredConfirmWithContext(ctx, "", "orders", false, false,
		amqp.Publishing{ContentType: "application/json", DeliveryMode: amqp.Persistent, Body: body})
	if err != nil {
		return order{}, err
	}
	taken, err := confirm.WaitContext(ctx)
	if err != nil {
		return order{}, err
	}
	if !taken {
		return order{}, errors.New("the broker did not take the order")
	}
	s.orders = append(s.orders, placed.ID)
	if len(s.orders) > mostOrders {
		s.orders = s.orders[len(s.orders)-mostOrders:]
	}
	return placed, nil
}

func (s *shop) takeOrder(w http.ResponseWriter, r *http.Request) {
	var asked request
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&asked)
	if err != nil || asked.Tea == "" || asked.Grams <= 0 {
		http.Error(w, `send something like {"tea": "puer", "grams": 50}`, http.StatusBadRequest)
		return
	}
	placed, err := s.place(r.Context(), asked)
	if err != nil {
		http.Error(w, "the order was not taken: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	json.NewEncoder(w).Encode(placed)
}

func (s *shop) list(w http.ResponseWriter, _ *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, id := range s.orders {
		fmt.Fprintln(w, id)
	}
}

func (s *shop) rollout(w http.ResponseWriter, _ *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.version = 2
	fmt.Fprintln(w, "version 2 is live: orders now have a gift text (if there is one) and a coupon")
}

func (s *shop) health(w http.ResponseWriter, _ *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if _, err := s.connected(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "version", s.version)
}

func main() {
	shop := &shop{version: 1}
	http.HandleFunc("POST /orders", shop.takeOrder)
	http.HandleFunc("GET /orders", shop.list)
	http.HandleFunc("POST /rollout", shop.rollout)
	http.HandleFunc("GET /healthz", shop.health)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// publish hands an order to the broker. Without an error the order is safe.
func publish(ctx context.Context, channel *amqp.Channel, body []byte) error {
	// TODO 1: the message must be persistent, and publish must wait until the broker confirms it.
	return channel.PublishWithContext(ctx, "", queue, false, false, amqp.Publishing{
		ContentType: "application/json",
		Body:        body,
	})
}

// web is the role that takes orders.
type web struct {
	channel atomic.Pointer[amqp.Channel] // nil while there is no connection
	leaving atomic.Bool
}

// use keeps a channel for publish, as long as it is open.
func (w *web) use(ctx context.Context, channel *amqp.Channel) error {
	// TODO 1: a broker confirms only on channels that ask for it: channel.Confirm.
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	w.channel.Store(channel)
	defer w.channel.Store(nil)
	select {
	case <-ctx.Done():
		return nil
	case reason := <-closed:
		return fmt.Errorf("lost: %v", reason)
	}
}

// takeOrder answers 202 when the order is safe. Any other answer means: send it again.
func (w *web) takeOrder(out http.ResponseWriter, r *http.Request) {
	var order Order
	err := json.NewDecoder(http.MaxBytesReader(out, r.Body, 4096)).Decode(&order)
	if err == nil {
		err = order.check()
	}
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := json.Marshal(order)
	channel := w.channel.Load()
	if err == nil && channel == nil {
		err = errors.New("no connection to the broker")
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		err = publish(ctx, channel, body)
	}
	if err != nil {
		log.Printf("%s: %v", order.ID, err)
		http.Error(out, "not taken, send it again", http.StatusServiceUnavailable)
		return
	}
	out.WriteHeader(http.StatusAccepted)
	fmt.Fprintln(out, "taken:", order.ID)
}

// ready says whether customers should be sent here.
func (w *web) ready(out http.ResponseWriter, _ *http.Request) {
	if w.leaving.Load() || w.channel.Load() == nil {
		http.Error(out, "not ready", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(out, "ready")
}

func about(out http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(out, "shop %s (%s)\n", me(), r.URL.Query().Get("note"))
}

func runWeb(ctx context.Context) {
	w := &web{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", w.takeOrder)
	mux.HandleFunc("GET /ready", w.ready)
	mux.HandleFunc("GET /about", about)
	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}

	// The connection to the broker ends last, after the last order.
	connected, disconnect := context.WithCancel(context.Background())
	defer disconnect()
	go keepConnected(connected, w.use)
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()

	<-ctx.Done()
	log.Print("leaving")
	w.leaving.Store(true)
	// The cluster needs a moment to send customers elsewhere; until then they are still served.
	linger, _ := time.ParseDuration(os.Getenv("LINGER"))
	time.Sleep(linger)
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		log.Print(err)
	}
}

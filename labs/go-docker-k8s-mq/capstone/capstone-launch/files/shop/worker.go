package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// work takes orders out of the queue, one after the other. When it is asked to leave, it
// finishes the order in its hands first.
func work(ctx context.Context, channel *amqp.Channel) error {
	// TODO 2: hold no more than one order at a time (channel.Qos), and let the broker wait for an
	// acknowledgement: the third argument of Consume is autoAck.
	deliveries, err := channel.Consume(queue, "", true, false, false, false, nil)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case delivery, ok := <-deliveries:
			if !ok {
				return errors.New("lost")
			}
			handle(delivery)
		}
	}
}

// handle has one order packed.
func handle(delivery amqp.Delivery) {
	var order Order
	err := json.Unmarshal(delivery.Body, &order)
	if err == nil {
		err = order.check()
	}
	if err != nil {
		log.Printf("not an order: %s", delivery.Body)
		// TODO 2: it will never be one: delivery.Reject(false)
		return
	}
	if err := pack(order); err != nil {
		log.Printf("%s: %v", order.ID, err)
		time.Sleep(500 * time.Millisecond) // the warehouse may need a moment
		// TODO 2: back into the queue, to be tried again: delivery.Nack(false, true)
		return
	}
	log.Printf("%s: packed", order.ID)
	// TODO 2: only now is it done: delivery.Ack(false)
}

// A parcel is what the warehouse wants to know.
type parcel struct {
	Order string `json:"order"`
	Tea   string `json:"tea"`
	Grams int    `json:"grams"`
	By    string `json:"by"`
}

// The answers of a warehouse that is far away: not for ever.
var client = http.Client{Timeout: 5 * time.Second}

// pack asks the warehouse for a parcel. An error says that no answer came, and nothing about
// whether the parcel was packed.
func pack(order Order) error {
	body, err := json.Marshal(parcel{Order: order.ID, Tea: order.Tea, Grams: order.Grams, By: me()})
	if err != nil {
		return err
	}
	request, err := http.NewRequest("POST", os.Getenv("WAREHOUSE_URL")+"/parcels", bytes.NewReader(body))
	if err != nil {
		return err
	}
	// TODO 3: the warehouse packs one parcel for each Idempotency-Key, however often it is asked.
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("the warehouse says %s", answer.Status)
	}
	return nil
}

func runWorker(ctx context.Context) {
	keepConnected(ctx, work)
	log.Print("leaving")
}

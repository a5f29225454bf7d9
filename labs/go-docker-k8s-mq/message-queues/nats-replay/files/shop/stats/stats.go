// Command stats adds up how many grams of tea were ordered, until Ctrl-C. Whoever
// asks on the subject stats.total gets the sum.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	connection, err := nats.Connect(os.Getenv("NATS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	js, err := jetstream.New(connection)
	if err != nil {
		log.Fatal(err)
	}

	var total atomic.Int64
	_, err = connection.Subscribe("stats.total", func(question *nats.Msg) {
		question.Respond([]byte(fmt.Sprint(total.Load())))
	})
	if err != nil {
		log.Fatal(err)
	}

	consumer, err := js.CreateOrUpdateConsumer(ctx, "ORDERS", jetstream.ConsumerConfig{
		// TODO step 3: begin with the first message of the stream.
		DeliverPolicy: jetstream.DeliverNewPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Println("adding up, Ctrl-C ends")
	for ctx.Err() == nil {
		message, err := consumer.Next(jetstream.FetchMaxWait(time.Second))
		if errors.Is(err, nats.ErrTimeout) {
			continue // nothing new within a second
		}
		if err != nil {
			log.Fatal(err)
		}
		var order struct{ Grams int64 }
		if err := json.Unmarshal(message.Data(), &order); err != nil {
			log.Println("not an order:", err)
		}
		log.Printf("%s makes %d g", message.Data(), total.Add(order.Grams))
		if err := message.Ack(); err != nil {
			log.Println(err)
		}
	}
}

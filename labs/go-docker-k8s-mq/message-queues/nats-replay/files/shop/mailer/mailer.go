// Command mailer writes a mail for each order in the stream, until Ctrl-C.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
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

	consumer, err := js.CreateOrUpdateConsumer(ctx, "ORDERS", jetstream.ConsumerConfig{
		// TODO step 2: give the consumer a name that lasts.
		AckPolicy: jetstream.AckExplicitPolicy,
		AckWait:   10 * time.Second, // then an order without an acknowledgement comes again
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Println("waiting for orders, Ctrl-C ends")
	for ctx.Err() == nil {
		message, err := consumer.Next(jetstream.FetchMaxWait(time.Second))
		if errors.Is(err, nats.ErrTimeout) {
			continue // nothing new within a second
		}
		if err != nil {
			log.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond) // the work
		log.Printf("mail sent for %s", message.Data())
		if err := message.Ack(); err != nil {
			log.Println(err)
		}
	}
}

package main

import (
	"context"
	"log"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// queue is where orders wait.
const queue = "orders"

// keepConnected connects to the broker and calls use with a channel. Whenever use ends, the
// connection is made anew, until ctx is done.
func keepConnected(ctx context.Context, use func(context.Context, *amqp.Channel) error) {
	for ctx.Err() == nil {
		if err := connectOnce(ctx, use); err != nil {
			log.Printf("broker: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func connectOnce(ctx context.Context, use func(context.Context, *amqp.Channel) error) error {
	connection, err := amqp.DialConfig(os.Getenv("AMQP_URL"), amqp.Config{
		// So often both sides show that they are alive; silence means a lost connection.
		Heartbeat:  5 * time.Second,
		Properties: amqp.Table{"connection_name": me()},
	})
	if err != nil {
		return err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	// durable: the queue itself outlives a restart of the broker.
	if _, err := channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		return err
	}
	log.Print("broker: connected")
	return use(ctx, channel)
}

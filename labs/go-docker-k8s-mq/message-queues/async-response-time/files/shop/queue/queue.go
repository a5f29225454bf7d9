// Package queue puts orders into the queue "orders" of RabbitMQ, and takes them out.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	amqp "github.com/rabbitmq/amqp091-go"

	"shop/work"
)

// A Queue is a connection to the queue "orders".
type Queue struct{ channel *amqp.Channel }

// Open connects to the broker and makes the queue if there is none yet.
func Open() (*Queue, error) {
	connection, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		return nil, err
	}
	channel, err := connection.Channel()
	if err != nil {
		return nil, err
	}
	// The broker shall say when it has a message safely.
	if err := channel.Confirm(false); err != nil {
		return nil, err
	}
	_, err = channel.QueueDeclare("orders", true, false, false, false, nil) // durable
	return &Queue{channel}, err
}

// Put hands one order to the broker, and returns when the broker has it.
func (q *Queue) Put(ctx context.Context, order work.Order) error {
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	_, _ = ctx, body // TODO step 2: publish the body, and wait for the confirm.
	return errors.New("queue.Put is not written yet")
}

// Take is the orders that the broker hands out, one unacknowledged at a time.
func (q *Queue) Take() (<-chan amqp.Delivery, error) {
	if err := q.channel.Qos(1, 0, false); err != nil {
		return nil, err
	}
	return q.channel.Consume("orders", "", false, false, false, false, nil)
}

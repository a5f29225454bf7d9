// Package amqp091 is as much of the client as a worker that takes deliveries needs.
package amqp091

import "errors"

// Table is a set of headers.
type Table map[string]any

// An Acknowledger hears what becomes of deliveries.
type Acknowledger interface {
	Ack(tag uint64, multiple bool) error
	Nack(tag uint64, multiple, requeue bool) error
	Reject(tag uint64, requeue bool) error
}

// A Delivery is a message that was handed out.
type Delivery struct {
	Acknowledger Acknowledger
	Headers      Table
	ContentType  string
	MessageId    string
	ConsumerTag  string
	DeliveryTag  uint64
	Redelivered  bool
	Exchange     string
	RoutingKey   string
	Body         []byte
}

var errAlone = errors.New("delivery not initialized")

func (d Delivery) Ack(multiple bool) error {
	if d.Acknowledger == nil {
		return errAlone
	}
	return d.Acknowledger.Ack(d.DeliveryTag, multiple)
}

func (d Delivery) Nack(multiple, requeue bool) error {
	if d.Acknowledger == nil {
		return errAlone
	}
	return d.Acknowledger.Nack(d.DeliveryTag, multiple, requeue)
}

func (d Delivery) Reject(requeue bool) error {
	if d.Acknowledger == nil {
		return errAlone
	}
	return d.Acknowledger.Reject(d.DeliveryTag, requeue)
}

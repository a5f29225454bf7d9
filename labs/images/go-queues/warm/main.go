// Command warm imports the libraries of this image, so that its build cache
// already holds them compiled.
package main

import (
	"fmt"

	"github.com/gomodule/redigo/redis"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	amqp "github.com/rabbitmq/amqp091-go"
)

// used keeps every import alive without running anything.
var used = []any{redis.Dial, nats.Connect, jetstream.New, amqp.Dial}

func main() {
	fmt.Println(len(used))
}

// Command warm imports RabbitMQ's client, so that the build cache of the image
// already holds it compiled.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// used keeps the import alive without running anything.
var used = []any{amqp.Dial}

func main() {
	fmt.Println(len(used))
}

// Command worker does the slow work for each order in the queue.
package main

import (
	"encoding/json"
	"log"

	"shop/queue"
	"shop/work"
)

func main() {
	orders, err := queue.Open()
	if err != nil {
		log.Fatal(err)
	}
	deliveries, err := orders.Take()
	if err != nil {
		log.Fatal(err)
	}
	log.Println("waiting for orders, Ctrl-C ends")
	for delivery := range deliveries {
		var order work.Order
		if err := json.Unmarshal(delivery.Body, &order); err != nil {
			log.Println("not an order, given up:", err)
			delivery.Reject(false)
			continue
		}
		log.Println("working on", order.ID)
		// TODO step 3: do the work. When it is done, acknowledge; when it fails, hand it back.
		log.Println("nothing done for", order.ID)
	}
}

// Command labels prints a label for each order in the queue. It shows them under
// http://localhost:8081/labels/{id}. Only label.go needs a change.
package main

import (
	"log"
	"net/http"
	"os"
	"path/filepath"
	"regexp"

	amqp "github.com/rabbitmq/amqp091-go"
)

const folder = "printed"

var goodID = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func show(w http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("id"); goodID.MatchString(id) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeFile(w, r, filepath.Join(folder, id))
		return
	}
	http.NotFound(w, r)
}

func main() {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		log.Fatal(err)
	}
	connection, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		log.Fatal(err)
	}
	channel, err := connection.Channel()
	if err != nil {
		log.Fatal(err)
	}
	if err := channel.Qos(1, 0, false); err != nil {
		log.Fatal(err)
	}
	deliveries, err := channel.Consume("orders", "", false, false, false, false, nil)
	if err != nil {
		log.Fatal(err)
	}

	http.HandleFunc("GET /labels/{id}", show)
	go func() { log.Fatal(http.ListenAndServe(":8081", nil)) }()

	log.Println("printing labels, Ctrl-C ends")
	for delivery := range deliveries {
		id, text, err := label(delivery.Body)
		if err != nil || !goodID.MatchString(id) {
			log.Printf("refused %s: %v", delivery.Body, err)
			delivery.Reject(false) // do not bring it again
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, id), []byte(text+"\n"), 0o644); err != nil {
			log.Fatal(err) // not acknowledged: the next one to start gets it
		}
		log.Println(text)
		delivery.Ack(false)
	}
}

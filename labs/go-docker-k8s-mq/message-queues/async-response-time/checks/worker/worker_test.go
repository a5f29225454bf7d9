package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"shop/queue"
	"shop/work"
)

// Far longer than a worker needs that does as asked.
const long = 10 * time.Second

// What happened, in its order: "done 1", "failed 1", "ack 1", "requeue 1", "dropped 1".
type happenings chan string

func (h happenings) Ack(tag uint64, _ bool) error {
	h <- fmt.Sprint("ack ", tag)
	return nil
}

func (h happenings) Nack(tag uint64, _, requeue bool) error { return h.Reject(tag, requeue) }

func (h happenings) Reject(tag uint64, requeue bool) error {
	if requeue {
		h <- fmt.Sprint("requeue ", tag)
	} else {
		h <- fmt.Sprint("dropped ", tag)
	}
	return nil
}

// hand gives the worker orders 1 to 3, whose work fails where fails says so, and tells what happened.
func hand(t *testing.T, fails func(tag int) bool) []string {
	t.Helper()
	heard := make(happenings, 64)
	numbers := map[string]int{}
	deliveries := make(chan amqp.Delivery, 3)
	for tag := 1; tag <= 3; tag++ {
		order := work.Order{ID: fmt.Sprintf("order-%d", tag), Tea: "longjing", Grams: 100}
		numbers[order.ID] = tag
		body, err := json.Marshal(order)
		if err != nil {
			t.Fatal(err)
		}
		deliveries <- amqp.Delivery{Acknowledger: heard, DeliveryTag: uint64(tag), Body: body}
	}
	close(deliveries)
	queue.Deliveries = deliveries
	work.OnDo = func(order work.Order) error {
		tag, known := numbers[order.ID]
		if !known {
			t.Errorf("work for the order %+v, which nobody placed", order)
			return nil
		}
		if fails(tag) {
			heard <- fmt.Sprint("failed ", tag)
			return errors.New("the printer is out of paper")
		}
		heard <- fmt.Sprint("done ", tag)
		return nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		main()
	}()
	// Two things happen to each.
	var all []string
	limit := time.After(long)
	for len(all) < 6 {
		select {
		case one := <-heard:
			all = append(all, one)
			continue
		case <-ended:
		case <-limit:
		}
		break
	}
	// What came just before the end.
	for {
		select {
		case one := <-heard:
			all = append(all, one)
			continue
		default:
		}
		return all
	}
}

func position(all []string, one string) int {
	for i, seen := range all {
		if seen == one {
			return i
		}
	}
	return -1
}

func TestFinishedFirstThenAcknowledged(t *testing.T) {
	all := hand(t, func(int) bool { return false })
	for tag := 1; tag <= 3; tag++ {
		done, ack := position(all, fmt.Sprint("done ", tag)), position(all, fmt.Sprint("ack ", tag))
		if done < 0 || ack < done {
			t.Fatalf("order %d: %v", tag, all)
		}
	}
}

func TestFailedWorkIsHandedBack(t *testing.T) {
	all := hand(t, func(tag int) bool { return tag == 2 })
	if position(all, "requeue 2") < position(all, "failed 2") || position(all, "requeue 2") < 0 || position(all, "ack 2") >= 0 {
		t.Fatal(all)
	}
}

func TestAfterAFailureTheNextIsDone(t *testing.T) {
	all := hand(t, func(tag int) bool { return tag == 1 })
	for tag := 2; tag <= 3; tag++ {
		if position(all, fmt.Sprint("ack ", tag)) < 0 || position(all, fmt.Sprint("done ", tag)) < 0 {
			t.Fatalf("order %d: %v", tag, all)
		}
	}
}

package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

var consumerCommands = map[string]func(session) error{
	"add": session.addConsumer, "ls": session.listConsumers, "report": session.listConsumers,
	"info": session.showConsumer, "next": session.takeNext, "rm": session.removeConsumer,
}

func (s session) addConsumer() error {
	stream, err := s.stream()
	if err != nil {
		return err
	}
	name, err := s.need(3, "consumer")
	if err != nil {
		return err
	}
	config := jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, FilterSubject: s.line.options["filter"],
	}
	if config.AckWait, err = s.line.duration("wait", 30*time.Second); err != nil {
		return err
	}
	if err := s.from(&config); err != nil {
		return err
	}
	consumer, err := stream.CreateConsumer(s.withTimeout(), config)
	if errors.Is(err, jetstream.ErrConsumerExists) {
		return fmt.Errorf("there is a consumer %s already, made another way; remove it first", name)
	}
	if err != nil {
		return err
	}
	printConsumer(consumer.CachedInfo())
	return nil
}

// from reads --deliver: where in the stream a new consumer begins.
func (s session) from(config *jetstream.ConsumerConfig) error {
	switch word := s.line.options["deliver"]; word {
	case "", "all":
		config.DeliverPolicy = jetstream.DeliverAllPolicy
	case "new":
		config.DeliverPolicy = jetstream.DeliverNewPolicy
	case "last":
		config.DeliverPolicy = jetstream.DeliverLastPolicy
	default:
		if sequence, err := strconv.ParseUint(word, 10, 64); err == nil {
			config.DeliverPolicy = jetstream.DeliverByStartSequencePolicy
			config.OptStartSeq = sequence
			return nil
		}
		ago, err := time.ParseDuration(word)
		if err != nil {
			return fmt.Errorf("--deliver is all, new, last, a number in the stream, or a time such as 10m, not %q", word)
		}
		start := time.Now().Add(-ago)
		config.DeliverPolicy = jetstream.DeliverByStartTimePolicy
		config.OptStartTime = &start
	}
	return nil
}

func (s session) listConsumers() error {
	stream, err := s.stream()
	if err != nil {
		return err
	}
	list := stream.ListConsumers(s.withTimeout())
	fmt.Printf("%-16s %12s %12s %8s %12s\n", "CONSUMER", "ACKNOWLEDGED", "UNACKED", "AHEAD", "REDELIVERED")
	for info := range list.Info() {
		fmt.Printf("%-16s %12s %12d %8d %12d\n", info.Name, fmt.Sprintf("up to %d", info.AckFloor.Stream),
			info.NumAckPending, info.NumPending, info.NumRedelivered)
	}
	return list.Err()
}

func (s session) consumer() (jetstream.Consumer, error) {
	stream, err := s.need(2, "stream")
	if err != nil {
		return nil, err
	}
	name, err := s.need(3, "consumer")
	if err != nil {
		return nil, err
	}
	return s.js.Consumer(s.withTimeout(), stream, name)
}

func (s session) showConsumer() error {
	consumer, err := s.consumer()
	if err != nil {
		return err
	}
	printConsumer(consumer.CachedInfo())
	return nil
}

func printConsumer(info *jetstream.ConsumerInfo) {
	fmt.Printf("Consumer %s of stream %s\n", info.Name, info.Stream)
	fmt.Printf("  begins        %s\n", begins(info.Config))
	if info.Config.FilterSubject != "" {
		fmt.Printf("  only          %s\n", info.Config.FilterSubject)
	}
	fmt.Printf("  delivered     up to number %d\n", info.Delivered.Stream)
	fmt.Printf("  acknowledged  up to number %d\n", info.AckFloor.Stream)
	fmt.Printf("  unacked       %d handed out, not acknowledged\n", info.NumAckPending)
	fmt.Printf("  ahead         %d not delivered yet\n", info.NumPending)
	fmt.Printf("  redelivered   %d\n", info.NumRedelivered)
}

func begins(config jetstream.ConsumerConfig) string {
	switch config.DeliverPolicy {
	case jetstream.DeliverAllPolicy:
		return "with the first message"
	case jetstream.DeliverByStartSequencePolicy:
		return fmt.Sprintf("with message number %d", config.OptStartSeq)
	case jetstream.DeliverByStartTimePolicy:
		if config.OptStartTime != nil {
			return "with what came since " + clock(*config.OptStartTime)
		}
	case jetstream.DeliverNewPolicy:
		return "with what comes after it was made"
	case jetstream.DeliverLastPolicy:
		return "with the last message"
	}
	return config.DeliverPolicy.String()
}

func (s session) takeNext() error {
	consumer, err := s.consumer()
	if err != nil {
		return err
	}
	count, err := s.line.number("count", 1)
	if err != nil {
		return err
	}
	batch, err := consumer.FetchNoWait(count)
	if err != nil {
		return err
	}
	taken := 0
	for message := range batch.Messages() {
		taken++
		again, number := "", uint64(0)
		if data, err := message.Metadata(); err == nil {
			number = data.Sequence.Stream
			if data.NumDelivered > 1 {
				again = fmt.Sprintf(" (delivery %d)", data.NumDelivered)
			}
		}
		fmt.Printf("%4d  %-20s %s%s\n", number, message.Subject(), message.Data(), again)
		if s.line.options["no-ack"] != "" {
			continue
		}
		if err := message.DoubleAck(s.withTimeout()); err != nil {
			return err
		}
	}
	if err := batch.Error(); err != nil {
		return err
	}
	if taken == 0 {
		fmt.Println("nothing to deliver now")
	}
	return nil
}

func (s session) removeConsumer() error {
	stream, err := s.need(2, "stream")
	if err != nil {
		return err
	}
	name, err := s.need(3, "consumer")
	if err != nil {
		return err
	}
	if err := s.js.DeleteConsumer(s.withTimeout(), stream, name); err != nil {
		return err
	}
	fmt.Println("removed consumer", name, "of", stream)
	return nil
}

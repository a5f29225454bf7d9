// Command nats looks at NATS and JetStream from a terminal.
//
// It is a small stand-in for the project's own command line tool of that name,
// which Debian does not have: it knows a few of its commands, written the same way.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const usage = `nats: a small stand-in for the official command line tool of NATS

  nats pub SUBJECT TEXT [--count N]        publish; {{Count}} in TEXT is the number
  nats sub SUBJECT                         print what is published, until Ctrl-C
  nats request SUBJECT [TEXT]              ask, and print the answer

  nats stream add NAME --subjects A,B      make a stream
       [--max-msgs N] [--max-age 1h] [--retention limits|work|interest]
  nats stream edit NAME [--max-msgs N] [--max-age 1h] [--subjects A,B]
  nats stream ls                           all streams
  nats stream info NAME                    one stream
  nats stream view NAME                    the messages in it
  nats stream purge NAME                   throw its messages away
  nats stream rm NAME                      remove it

  nats consumer add STREAM NAME            make a durable pull consumer
       [--deliver all|new|last|10m|SEQUENCE] [--filter SUBJECT] [--wait 30s]
  nats consumer ls STREAM                  all consumers of a stream
  nats consumer info STREAM NAME           one consumer
  nats consumer next STREAM NAME           take the next message and acknowledge it
       [--count N] [--no-ack]
  nats consumer rm STREAM NAME             remove it

The server is the one in NATS_URL. The official tool asks before it removes things
and for options that are left out; this one does not.`

func main() {
	line, err := parse(os.Args[1:])
	if err == nil {
		err = run(line)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "nats:", explain(err))
		os.Exit(1)
	}
}

// explain says in plain words what the most common errors mean.
func explain(err error) string {
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return "there is no such stream (see `nats stream ls`)"
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		return "there is no such consumer (see `nats consumer ls STREAM`)"
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout):
		return err.Error() + " (does the server run?)"
	}
	// Our own prefix is there already.
	return strings.TrimPrefix(err.Error(), "nats: ")
}

func run(line line) error {
	if len(line.words) == 0 || line.words[0] == "help" {
		fmt.Println(usage)
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	address := os.Getenv("NATS_URL")
	if address == "" {
		address = nats.DefaultURL
	}
	connection, err := nats.Connect(address, nats.Name("nats command"))
	if err != nil {
		return err
	}
	defer connection.Close()
	stream, err := jetstream.New(connection)
	if err != nil {
		return err
	}
	on := session{ctx: ctx, connection: connection, js: stream, line: line}

	switch noun, verb := line.word(0), line.word(1); noun {
	case "pub":
		return on.publish()
	case "sub":
		return on.subscribe()
	case "request", "req":
		return on.request()
	case "stream", "s", "str":
		if command, known := streamCommands[verb]; known {
			return command(on)
		}
	case "consumer", "c", "con":
		if command, known := consumerCommands[verb]; known {
			return command(on)
		}
	}
	return fmt.Errorf("no such command: %s\n\n%s", strings.Join(line.words, " "), usage)
}

// A session is one command at work.
type session struct {
	ctx        context.Context
	connection *nats.Conn
	js         jetstream.JetStream
	line       line
}

// need is the word at a position, which the command can't do without.
func (s session) need(position int, what string) (string, error) {
	if word := s.line.word(position); word != "" {
		return word, nil
	}
	return "", fmt.Errorf("say which %s, see `nats help`", what)
}

func (s session) publish() error {
	subject, err := s.need(1, "subject")
	if err != nil {
		return err
	}
	count, err := s.line.number("count", 1)
	if err != nil {
		return err
	}
	for n := 1; n <= count; n++ {
		text := strings.ReplaceAll(s.line.word(2), "{{Count}}", fmt.Sprint(n))
		if err := s.connection.Publish(subject, []byte(text)); err != nil {
			return err
		}
		fmt.Printf("published to %q: %s\n", subject, text)
	}
	return s.connection.FlushWithContext(s.withTimeout())
}

func (s session) request() error {
	subject, err := s.need(1, "subject")
	if err != nil {
		return err
	}
	answer, err := s.connection.RequestWithContext(s.withTimeout(), subject, []byte(s.line.word(2)))
	if errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("nobody answers on %q", subject)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", answer.Data)
	return nil
}

func (s session) subscribe() error {
	subject, err := s.need(1, "subject")
	if err != nil {
		return err
	}
	subscription, err := s.connection.SubscribeSync(subject)
	if err != nil {
		return err
	}
	fmt.Printf("listening on %q, Ctrl-C ends\n", subject)
	for {
		message, err := subscription.NextMsgWithContext(s.ctx)
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", message.Subject, message.Data)
	}
}

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

var streamCommands = map[string]func(session) error{
	"add": session.addStream, "edit": session.editStream, "ls": session.listStreams,
	"info": session.showStream, "view": session.viewStream,
	"purge": session.purgeStream, "rm": session.removeStream,
}

var retentions = map[string]jetstream.RetentionPolicy{
	"limits": jetstream.LimitsPolicy, "interest": jetstream.InterestPolicy,
	"work": jetstream.WorkQueuePolicy, "workq": jetstream.WorkQueuePolicy,
}

func (s session) addStream() error {
	name, err := s.need(2, "stream")
	if err != nil {
		return err
	}
	config := jetstream.StreamConfig{Name: name, Storage: jetstream.FileStorage}
	if err := s.shape(&config); err != nil {
		return err
	}
	if len(config.Subjects) == 0 {
		return errors.New("say which subjects go into the stream: --subjects 'orders.>'")
	}
	stream, err := s.js.CreateStream(s.withTimeout(), config)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return fmt.Errorf("there is a stream %s already; `nats stream edit` changes its limits, `nats stream rm` removes it", name)
	}
	if err != nil {
		return err
	}
	return s.print(stream)
}

func (s session) editStream() error {
	stream, err := s.stream()
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	if err := s.shape(&config); err != nil {
		return err
	}
	if stream, err = s.js.UpdateStream(s.withTimeout(), config); err != nil {
		return err
	}
	return s.print(stream)
}

// shape puts the options of the command line into a stream's configuration.
func (s session) shape(config *jetstream.StreamConfig) error {
	if subjects, given := s.line.options["subjects"]; given {
		config.Subjects = strings.Split(subjects, ",")
	}
	count, err := s.line.number("max-msgs", int(config.MaxMsgs))
	if err != nil {
		return err
	}
	config.MaxMsgs = int64(count)
	if config.MaxAge, err = s.line.duration("max-age", config.MaxAge); err != nil {
		return err
	}
	if word, given := s.line.options["retention"]; given {
		policy, known := retentions[word]
		if !known {
			return fmt.Errorf("--retention is limits, work or interest, not %q", word)
		}
		config.Retention = policy
	}
	if s.line.options["storage"] == "memory" {
		config.Storage = jetstream.MemoryStorage
	}
	return nil
}

func (s session) listStreams() error {
	list := s.js.ListStreams(s.withTimeout())
	fmt.Printf("%-16s %-24s %9s %9s %9s\n", "STREAM", "SUBJECTS", "MESSAGES", "FIRST", "LAST")
	for info := range list.Info() {
		fmt.Printf("%-16s %-24s %9d %9d %9d\n", info.Config.Name, strings.Join(info.Config.Subjects, ","),
			info.State.Msgs, info.State.FirstSeq, info.State.LastSeq)
	}
	return list.Err()
}

func (s session) stream() (jetstream.Stream, error) {
	name, err := s.need(2, "stream")
	if err != nil {
		return nil, err
	}
	return s.js.Stream(s.withTimeout(), name)
}

func (s session) showStream() error {
	stream, err := s.stream()
	if err != nil {
		return err
	}
	return s.print(stream)
}

func (s session) print(stream jetstream.Stream) error {
	info := stream.CachedInfo()
	names := map[jetstream.RetentionPolicy]string{
		jetstream.LimitsPolicy:    "limits: a message stays until a limit is reached",
		jetstream.InterestPolicy:  "interest: a message stays until every consumer has acknowledged it",
		jetstream.WorkQueuePolicy: "work: a message stays until one consumer has acknowledged it",
	}
	fmt.Printf("Stream %s\n", info.Config.Name)
	fmt.Printf("  subjects   %s\n", strings.Join(info.Config.Subjects, ", "))
	fmt.Printf("  retention  %s\n", names[info.Config.Retention])
	fmt.Printf("  limits     messages: %s, age: %s\n", limit(info.Config.MaxMsgs), age(info.Config.MaxAge))
	fmt.Printf("  messages   %d\n", info.State.Msgs)
	if info.State.Msgs > 0 {
		fmt.Printf("  first      number %d, %s\n", info.State.FirstSeq, clock(info.State.FirstTime))
		fmt.Printf("  last       number %d, %s\n", info.State.LastSeq, clock(info.State.LastTime))
	}
	fmt.Printf("  consumers  %d\n", info.State.Consumers)
	return nil
}

func (s session) viewStream() error {
	stream, err := s.stream()
	if err != nil {
		return err
	}
	state := stream.CachedInfo().State
	for sequence := state.FirstSeq; sequence <= state.LastSeq && sequence > 0; sequence++ {
		message, err := stream.GetMsg(s.withTimeout(), sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Printf("%4d  %s  %-20s %s\n", message.Sequence, clock(message.Time), message.Subject, message.Data)
	}
	if state.Msgs == 0 {
		fmt.Println("the stream is empty")
	}
	return nil
}

func (s session) purgeStream() error {
	stream, err := s.stream()
	if err != nil {
		return err
	}
	return stream.Purge(s.withTimeout())
}

func (s session) removeStream() error {
	name, err := s.need(2, "stream")
	if err != nil {
		return err
	}
	if err := s.js.DeleteStream(s.withTimeout(), name); err != nil {
		return err
	}
	fmt.Println("removed stream", name)
	return nil
}

func limit(count int64) string {
	if count <= 0 {
		return "no limit"
	}
	return fmt.Sprint(count)
}

func age(duration time.Duration) string {
	if duration <= 0 {
		return "no limit"
	}
	return duration.String()
}

func clock(at time.Time) string { return at.UTC().Format("15:04:05") }

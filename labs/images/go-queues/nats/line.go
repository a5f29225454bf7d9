package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// requestTimeout is how long the server may take to answer.
const requestTimeout = 5 * time.Second

// A line is a command line: words, and options anywhere between them.
type line struct {
	words   []string
	options map[string]string
}

// switches are the options without a value. Some are only there so that lines for
// the official tool work: what they ask for is done anyway.
var switches = map[string]bool{
	"no-ack": true, "ack": true, "force": true, "f": true, "defaults": true, "pull": true, "help": true,
}

// valued are the options with a value.
var valued = map[string]bool{
	"count": true, "subjects": true, "max-msgs": true, "max-age": true, "retention": true, "storage": true,
	"deliver": true, "filter": true, "wait": true, "discard": true,
}

func parse(arguments []string) (line, error) {
	parsed := line{options: map[string]string{}}
	for i := 0; i < len(arguments); i++ {
		argument := arguments[i]
		if !strings.HasPrefix(argument, "--") || argument == "--" {
			if argument == "-f" {
				continue
			}
			parsed.words = append(parsed.words, argument)
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(argument, "--"), "=")
		switch {
		case name == "help":
			return line{words: []string{"help"}}, nil
		case switches[name]:
			parsed.options[name] = "yes"
		case !valued[name]:
			return line{}, fmt.Errorf("no option --%s here, see `nats help`", name)
		case given:
			parsed.options[name] = value
		case i+1 < len(arguments):
			i++
			parsed.options[name] = arguments[i]
		default:
			return line{}, fmt.Errorf("--%s needs a value", name)
		}
	}
	return parsed, nil
}

// word is the word at a position, empty when there are fewer.
func (l line) word(position int) string {
	if position < len(l.words) {
		return l.words[position]
	}
	return ""
}

// number is the value of an option, or what holds when it is left out.
func (l line) number(option string, otherwise int) (int, error) {
	text, given := l.options[option]
	if !given {
		return otherwise, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("--%s: %q is not a whole number", option, text)
	}
	return number, nil
}

// duration is the value of an option, or what holds when it is left out.
func (l line) duration(option string, otherwise time.Duration) (time.Duration, error) {
	text, given := l.options[option]
	if !given {
		return otherwise, nil
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("--%s: %q is not a duration such as 30s, 10m or 1h", option, text)
	}
	return duration, nil
}

// withTimeout is the session's context with the time that one answer may take.
func (s session) withTimeout() context.Context {
	ctx, cancel := context.WithTimeout(s.ctx, requestTimeout)
	// The program ends soon after; until then the timer does no harm.
	context.AfterFunc(ctx, cancel)
	return ctx
}

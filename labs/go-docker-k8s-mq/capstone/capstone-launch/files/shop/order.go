package main

import (
	"errors"
	"regexp"
)

// An Order is what customers send, and what waits in the queue.
type Order struct {
	// ID is chosen by the customer, who sends it again when no answer comes.
	ID    string `json:"id"`
	Tea   string `json:"tea"`
	Grams int    `json:"grams"`
}

var goodID = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func (o Order) check() error {
	switch {
	case !goodID.MatchString(o.ID):
		return errors.New("id: 1 to 40 of a-z, 0-9 and -")
	case o.Tea == "":
		return errors.New("tea: which one?")
	case o.Grams <= 0:
		return errors.New("grams: more than 0")
	}
	return nil
}

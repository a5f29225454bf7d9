// Package work does what a test says.
package work

import "errors"

type Order struct {
	ID    string `json:"id"`
	Tea   string `json:"tea"`
	Grams int    `json:"grams"`
}

// OnDo is the work.
var OnDo func(Order) error

func (o Order) Valid() bool { return o.ID != "" && o.Tea != "" && o.Grams > 0 }

func Store(Order) error { return nil }

func Do(order Order) error { return OnDo(order) }

func Progress(string) ([]byte, error) { return nil, errors.New("no such order") }

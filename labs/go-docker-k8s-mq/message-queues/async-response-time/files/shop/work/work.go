// Package work is what has to be done for an order. Nothing here needs a change.
package work

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// An Order is what a customer sends.
type Order struct {
	ID    string `json:"id"`
	Tea   string `json:"tea"`
	Grams int    `json:"grams"`
}

var goodID = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Valid says whether the order can be taken.
func (o Order) Valid() bool {
	return goodID.MatchString(o.ID) && o.Tea != "" && o.Grams > 0
}

// Store writes the order down. That is quick, and the customer has to wait for it.
func Store(order Order) error {
	time.Sleep(2 * time.Millisecond)
	if err := os.MkdirAll(folder(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file(order.ID), []byte("stored\n"), 0o644)
}

// Do does what comes after: slow work, that the customer need not wait for.
func Do(order Order) error {
	for _, task := range []struct {
		takes  time.Duration
		result string
	}{
		{800 * time.Millisecond, "mail sent"},
		{600 * time.Millisecond, "label printed"},
		{400 * time.Millisecond, "statistics updated"},
	} {
		time.Sleep(task.takes)
		if err := note(order.ID, task.result); err != nil {
			return err
		}
	}
	return nil
}

// Progress is what was done for an order so far, one line each.
func Progress(id string) ([]byte, error) {
	if !goodID.MatchString(id) {
		return nil, os.ErrNotExist
	}
	return os.ReadFile(file(id))
}

func note(id, line string) error {
	f, err := os.OpenFile(file(id), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, line)
	return err
}

func folder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	return filepath.Join(home, "shop", "data")
}

func file(id string) string { return filepath.Join(folder(), id) }

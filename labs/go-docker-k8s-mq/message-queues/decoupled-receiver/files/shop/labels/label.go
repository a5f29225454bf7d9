package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// An Order is what FORMAT.md says.
type Order struct {
	ID string `json:"id"`
	// TODO step 1: the other two fields.
}

// label is the text on the parcel. An error means: this is no order, and never will be.
func label(message []byte) (id, text string, err error) {
	var order Order
	if err := json.Unmarshal(message, &order); err != nil {
		return "", "", err
	}
	if order.ID == "" {
		return "", "", errors.New("the order has no id")
	}
	// TODO step 1: "o-7: 50 g puer"
	return order.ID, fmt.Sprintf("%s: TODO", order.ID), nil
}

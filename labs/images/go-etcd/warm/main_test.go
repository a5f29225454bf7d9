package main

import (
	"net/http/httptest"
	"testing"
)

func TestWarm(t *testing.T) {
	if httptest.NewRecorder() == nil || len(used) == 0 {
		t.Fatal("nothing is used")
	}
}

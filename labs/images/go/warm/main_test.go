package main

import (
	"net/http/httptest"
	"testing"
)

func TestHandlerAnswers(t *testing.T) {
	server := httptest.NewServer(handler())
	defer server.Close()
	answer, err := server.Client().Get(server.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Fatalf("status %d", answer.StatusCode)
	}
}

# A test that asks the handler directly, without any network.
. /etc/profile
set -eu
cd ~/hello
cat >main_test.go <<'GO'
package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealthSaysOK(t *testing.T) {
	request := httptest.NewRequest("GET", "/healthz", nil)
	recorder := httptest.NewRecorder()

	newHandler().ServeHTTP(recorder, request)

	if recorder.Code != http.StatusOK {
		t.Errorf("status = %d, want 200", recorder.Code)
	}
	var answer struct{ Status string }
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatalf("no JSON in %q: %v", recorder.Body.String(), err)
	}
	if answer.Status != "ok" {
		t.Errorf("status in the body = %q, want ok", answer.Status)
	}
}
GO
go vet ./...
go test ./...

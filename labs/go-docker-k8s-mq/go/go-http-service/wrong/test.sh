# Looks at the status alone, and so believes whatever the body says.
. /etc/profile
set -eu
cd ~/hello
cat >main_test.go <<'GO'
package main

import (
	"net/http/httptest"
	"testing"
)

func TestHealth(t *testing.T) {
	request := httptest.NewRequest("GET", "/healthz", nil)
	recorder := httptest.NewRecorder()

	newHandler().ServeHTTP(recorder, request)

	if recorder.Code != 200 {
		t.Errorf("status = %d, want 200", recorder.Code)
	}
}
GO
go vet .
go test .

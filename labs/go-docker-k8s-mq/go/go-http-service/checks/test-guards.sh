# A test is worth something if it fails when the code is wrong. The handler of a copy is wrapped:
# once so that nothing changes (the test must pass), then so that /healthz is broken in one way
# at a time (the test must fail).
PATH=/usr/sbin:/usr/bin:/sbin:/bin
say() { echo "message: $1"; exit 1; }
src=/home/learner/hello
work=$(mktemp -d /var/tmp/check.XXXXXX) || work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
mkdir "$work/src" "$work/cache" "$work/tmp" || exit 3
cp -rs /usr/lib/slipway/go-build/. "$work/cache" || exit 3
export HOME=$work TMPDIR=$work/tmp GOTMPDIR=$work/tmp GOCACHE=$work/cache GOPATH=$work/gopath \
    GOENV=off GOWORK=off GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOTELEMETRY=off \
    GOFLAGS=-buildvcs=false CGO_ENABLED=0 GOMAXPROCS=2

copied=0
for file in "$src"/*.go "$src/go.mod"; do
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    [ "$(stat -c %s "$file")" -le 262144 ] || continue
    cp "$file" "$work/src/" && copied=$((copied + 1))
    [ "$copied" -lt 50 ] || break
done
cd "$work/src" || exit 3
[ -f main.go ] && [ -f go.mod ] || say no-code
ls ./*_test.go >/dev/null 2>&1 || say no-test
grep -q '^func newHandler() http\.Handler {' main.go || say no-handler

# wrap BODY: newHandler becomes a wrapper around the learner's own, with BODY deciding on /healthz.
sed -i 's/^func newHandler() http\.Handler {/func innerHandler() http.Handler {/' main.go
wrap() {
    cat >zz_wrapped.go <<GO
package main

import "net/http"

func newHandler() http.Handler {
	inner := innerHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			$1
		}
		inner.ServeHTTP(w, r)
	})
}
GO
    go test -count=1 -timeout 20s . >../test.out 2>&1
    status=$?
    echo "== $1 -> $status"
    head -c 1500 ../test.out
}

# Neither a build that broke nor a killed process is a test that noticed something.
noticed() { if grep -qE 'build failed|signal: killed' ../test.out; then exit 3; fi; }

wrap ''
[ "$status" -eq 0 ] || say fails
wrap 'w.Header().Set("Content-Type", "application/json"); w.WriteHeader(http.StatusServiceUnavailable); w.Write([]byte("{\"status\":\"ok\"}\n")); return'
[ "$status" -ne 0 ] || say blind-status
noticed
wrap 'w.Header().Set("Content-Type", "application/json"); w.Write([]byte("{\"status\":\"down\"}\n")); return'
[ "$status" -ne 0 ] || say blind-body
noticed

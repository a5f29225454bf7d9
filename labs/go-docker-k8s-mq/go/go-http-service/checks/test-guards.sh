# A test is worth something if it fails when the code is wrong. The handler of a copy is wrapped:
# once so that nothing changes (the test must pass), then so that /healthz is broken in one way
# at a time (the test must fail).
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# On a line of its own, even if what was printed before it ended in the middle of one.
fail() { printf "\n%s\n" "$1"; exit 1; }
# Whatever comes from the learner is opened and run as the learner; the build belongs to root, so
# that nothing the learner has running can reach it.
as_learner() {
    exec /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
        --bounding-set=-all --no-new-privs \
        /usr/bin/env -i PATH="$PATH" HOME=/home/learner LANG=C.UTF-8 "$@"
}
src=/home/learner/hello
work=$(mktemp -d /var/tmp/check.XXXXXX) || exit 3
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
mkdir "$work/src" "$work/cache" "$work/tmp" && chmod 755 "$work" "$work/src" || exit 3
cp -rs /usr/lib/slipway/go-build/. "$work/cache" || exit 3
export HOME="$work" TMPDIR="$work/tmp" GOTMPDIR="$work/tmp" GOCACHE="$work/cache" GOPATH="$work/gopath" \
    GOENV=off GOWORK=off GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOTELEMETRY=off \
    GOFLAGS=-buildvcs=false CGO_ENABLED=0 GOMAXPROCS=2

# Plain files only, not many, not large.
for name in $(cd "$src" 2>/dev/null && ls | grep -E '^([A-Za-z0-9_-]+\.go|go\.mod)$' | head -n 50); do
    (as_learner sh -c '[ -f "$0" ] && [ ! -L "$0" ] && head -c 262144 "$0"' "$src/$name") \
        >"$work/src/$name" || rm -f "$work/src/$name"
done
cd "$work/src" || exit 3
[ -f main.go ] && [ -f go.mod ] || fail 'message: no-code'
ls ./*_test.go >/dev/null 2>&1 || fail 'message: no-test'
grep -q '^func newHandler() http\.Handler {' main.go || fail 'message: no-handler'

# build NAME BODY: newHandler becomes a wrapper around the learner's own, with BODY deciding on
# /healthz; the test is compiled as NAME.
sed -i 's/^func newHandler() http\.Handler {/func innerHandler() http.Handler {/' main.go
build() {
    cat >zz_wrapped.go <<GO
package main

import "net/http"

func newHandler() http.Handler {
	inner := innerHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			$2
		}
		inner.ServeHTTP(w, r)
	})
}
GO
    go test -c -o "../test-$1" . >../build.out 2>&1 || { head -c 2000 ../build.out; fail 'message: fails'; }
    [ -f "../test-$1" ] || fail 'message: no-test'
}
build whole ''
build status 'w.Header().Set("Content-Type", "application/json"); w.WriteHeader(http.StatusServiceUnavailable); w.Write([]byte("{\"status\":\"ok\"}\n")); return'
build body 'w.Header().Set("Content-Type", "application/json"); w.Write([]byte("{\"status\":\"down\"}\n")); return'

# Each twice and in an order nobody knows, under one name and in an empty folder: neither a count
# of the runs nor a look around tells a test which copy it is in.
rm -f zz_wrapped.go
chmod 700 .
mkdir ../run && chmod 755 ../run && cd ../run || exit 3
for copy in $(printf '%s\n' whole whole status status body body | shuf); do
    mv "../test-$copy" ../hello.test
    (as_learner timeout 10 ../hello.test -test.timeout 8s) >../test.out 2>&1 </dev/null
    code=$?
    mv ../hello.test "../test-$copy"
    echo "== $copy -> $code"
    head -c 800 ../test.out
    echo "$code" >>"../codes-$copy"
done
! grep -qvx 0 ../codes-whole || fail 'message: fails'
! grep -qx 0 ../codes-status || fail 'message: blind-status'
! grep -qx 0 ../codes-body || fail 'message: blind-body'

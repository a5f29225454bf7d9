# The learner's own test, on a copy of the code: `go vet` is content and the test passes.
# Built from the image's compiled standard library, never from a cache the learner can write.
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

go vet . >../vet.out 2>&1 || { head -c 2000 ../vet.out; fail 'message: vet'; }
go test -c -o ../hello.test . >../build.out 2>&1 || { head -c 2000 ../build.out; fail 'message: vet'; }
[ -f ../hello.test ] || fail 'message: no-test'
(as_learner timeout 20 ../hello.test -test.v -test.timeout 15s) >../test.out 2>&1 </dev/null
status=$?
head -c 4000 ../test.out
grep -q '^=== RUN ' ../test.out || fail 'message: no-test'
[ "$status" -eq 0 ] || fail 'message: fails'
grep -q '^--- PASS: ' ../test.out || fail 'message: skipped'

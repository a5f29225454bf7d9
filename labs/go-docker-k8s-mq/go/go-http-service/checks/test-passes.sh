# The learner's own test, on a copy of the code: `go vet` is content and the test passes.
# Built with the image's compiled standard library, never with a cache the learner can write.
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

# Plain files only, and not many bytes of them.
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

go vet . >../vet.out 2>&1 || { head -c 2000 ../vet.out; say vet; }
go test -count=1 -v -timeout 20s . >../test.out 2>&1
status=$?
head -c 4000 ../test.out
grep -q '^=== RUN ' ../test.out || say no-test
[ "$status" -eq 0 ] || say fails
grep -q '^--- PASS: ' ../test.out || say skipped

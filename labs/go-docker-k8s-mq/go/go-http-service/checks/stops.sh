# A copy of the service, built and started on a free port; SIGTERM while nothing is going on must
# end it with code 0 soon.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
say() { echo "message: $1"; exit 1; }
src=/home/learner/hello
work=$(mktemp -d /var/tmp/check.XXXXXX) || work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
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
go build -o ../service . >../build.out 2>&1 || { head -c 2000 ../build.out; say build; }

# get PATH [OUTPUT]: status on standard output; curl's own code is the result.
get() { curl -q -sS --noproxy '*' -m "${3:-8}" -o "${2:-/dev/null}" -w '%{http_code}' "http://127.0.0.1:$port$1"; }
running() { kill -0 "$server" 2>/dev/null; }

tries=0
while :; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
    get / /dev/null 1 >/dev/null 2>&1
    [ $? -eq 7 ] && break
    tries=$((tries + 1)); [ "$tries" -lt 20 ] || exit 3
done
PORT=$port ../service >../service.out 2>&1 </dev/null &
server=$!
tries=0
until get / /dev/null 1 >/dev/null 2>&1; do
    running || { head -c 2000 ../service.out; say ends-early; }
    tries=$((tries + 1)); [ "$tries" -lt 50 ] || say ignores-port
    sleep 0.1
done

kill -TERM "$server"
tries=0
while running; do
    tries=$((tries + 1)); [ "$tries" -lt 50 ] || say hangs
    sleep 0.1
done
wait "$server"
code=$?
server=
echo "exit code $code"
head -c 2000 ../service.out
[ "$code" -ne 143 ] || say killed
[ "$code" -eq 0 ] || say bad-exit

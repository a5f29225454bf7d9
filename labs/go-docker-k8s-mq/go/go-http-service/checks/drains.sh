# A copy of the service, built and started on a free port. SIGTERM arrives while /slow is being
# answered: nothing new is accepted, the slow answer comes all the same, and the code is 0.
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
go build -o ../service . >../build.out 2>&1 || { head -c 2000 ../build.out; fail 'message: build'; }

# get PATH [OUTPUT [SECONDS]]: the status on standard output; curl's own code is the result.
get() { curl -q -sS --noproxy '*' -m "${3:-8}" -o "${2:-/dev/null}" -w '%{http_code}' "http://127.0.0.1:$port$1"; }
running() { kill -0 "$server" 2>/dev/null; }

tries=0
while :; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
    get / /dev/null 1 >/dev/null 2>&1
    [ $? -eq 7 ] && break
    tries=$((tries + 1)); [ "$tries" -lt 20 ] || exit 3
done
as_learner PORT="$port" ../service >../service.out 2>&1 </dev/null &
server=$!
tries=0
until get / /dev/null 1 >/dev/null 2>&1; do
    running || { head -c 2000 ../service.out; fail 'message: ends-early'; }
    tries=$((tries + 1)); [ "$tries" -lt 50 ] || fail 'message: ignores-port'
    sleep 0.1
done

now() { cut -d' ' -f1 /proc/uptime | tr -d .; } # hundredths of a second
begun=$(now)
get /slow ../slow.body >../slow.status 2>../slow.err &
client=$!
sleep 0.7
kill -0 "$client" 2>/dev/null || {
    wait "$client"
    [ "$(cat ../slow.status)" = 200 ] || fail 'message: no-slow'
    fail 'message: too-fast'
}
kill -TERM "$server"
sleep 0.4
early=no
running || early=yes
get / /dev/null 1 >/dev/null 2>&1
late=$?
kill -0 "$client" 2>/dev/null || early=yes
wait "$client"
code=$?
took=$(($(now) - begun))
echo "slow: curl $code, status $(cat ../slow.status), $took/100 s; a late request: curl $late"
[ "$code" -eq 0 ] || fail 'message: cut'
[ "$(cat ../slow.status)" = 200 ] || fail 'message: no-slow'
[ "$early" = no ] && [ "$took" -ge 150 ] || fail 'message: too-fast'
tries=0
while running; do
    tries=$((tries + 1)); [ "$tries" -lt 50 ] || fail 'message: hangs'
    sleep 0.1
done
wait "$server"
code=$?
server=
echo "exit code $code"
head -c 2000 ../service.out
[ "$late" -eq 7 ] || fail 'message: still-accepts'
[ "$code" -eq 0 ] || fail 'message: bad-exit'

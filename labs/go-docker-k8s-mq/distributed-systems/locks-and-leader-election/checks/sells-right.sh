# Three copies of the worker sell from one stock at the same time; not one tin may be lost.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# On a line of its own, even if what was printed before it ended in the middle of one.
fail() { printf "\n%s\n" "$1"; exit 1; }
endpoints=http://etcd1:2379,http://etcd2:2379,http://etcd3:2379
# Whatever comes from the learner is opened and run as the learner; the build belongs to root, so
# that nothing the learner has running can reach it.
as_learner() {
    exec /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
        --bounding-set=-all --no-new-privs \
        /usr/bin/env -i PATH="$PATH" HOME=/home/learner LANG=C.UTF-8 ETCDCTL_ENDPOINTS="$endpoints" "$@"
}
ctl() { ETCDCTL_ENDPOINTS="$endpoints" /usr/bin/etcdctl "$@" 2>/dev/null; }
# Keys of our own, so that neither the learner's runs nor those of other checks come into play.
ours=check-$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')/
work=$(mktemp -d /var/tmp/check.XXXXXX) || exit 3
pids=
trap 'for pid in $pids; do kill -9 "$pid"; done 2>/dev/null; ctl del --prefix "$ours" >/dev/null; rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
mkdir "$work/src" "$work/src/main" "$work/cache" "$work/tmp" && chmod 755 "$work" || exit 3
cp -rs /usr/lib/slipway/go-build/. "$work/cache" || exit 3
export HOME="$work" TMPDIR="$work/tmp" GOTMPDIR="$work/tmp" GOCACHE="$work/cache" GOPATH="$work/gopath" \
    GOENV=off GOWORK=off GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOTELEMETRY=off \
    GOFLAGS='-buildvcs=false -trimpath -ldflags=-w' CGO_ENABLED=0 GOMAXPROCS=2

# build FOLDER: the learner's program, with the image's own library. Plain files only, not many, not
# large.
build() {
    for name in $(cd "/home/learner/shop/$1" 2>/dev/null && ls | grep -E '^[A-Za-z0-9_-]+\.go$' | head -n 20); do
        (as_learner sh -c '[ -f "$0" ] && [ ! -L "$0" ] && head -c 262144 "$0"' "/home/learner/shop/$1/$name") \
            >"$work/src/main/$name" || rm -f "$work/src/main/$name"
    done
    [ -f "$work/src/main/main.go" ] || fail 'message: no-code'
    cp /usr/lib/slipway/etcd/go.mod "$work/src/" && ln -s /usr/lib/slipway/etcd/vendor "$work/src/vendor" || exit 3
    # Built once for all checks: /run is root's.
    sum=$(cd "$work/src/main" && sha256sum ./*.go | sha256sum)
    if [ "$(cat "/run/slipway-$1.sum" 2>/dev/null)" != "$sum" ]; then
        (cd "$work/src" && go build -o "/run/slipway-$1" ./main) >"$work/build.out" 2>&1 ||
            { head -c 2000 "$work/build.out"; fail 'message: build'; }
        echo "$sum" >"/run/slipway-$1.sum"
    fi
    ln -s "/run/slipway-$1" "$work/program" && cd "$work" || exit 3
}
# until SECONDS COMMAND…: looks again and again.
until_() {
    local left=$(($1 * 5))
    shift
    until "$@"; do
        left=$((left - 1)); [ "$left" -gt 0 ] || return 1
        sleep 0.2
    done
}
ended() { ! kill -0 "$1" 2>/dev/null; }

build worker
ctl put "${ours}stock" 100 >/dev/null || fail 'message: cluster'
for n in 1 2 3; do
    as_learner ./program -shop "$ours" -sales 8 -pack 30ms -ttl 10 >"out$n" 2>&1 </dev/null &
    pids="$pids $!"
done
code=0
for pid in $pids; do
    until_ 60 ended "$pid" || fail 'message: slow'
    wait "$pid" || code=$?
done
stock=$(ctl get --print-value-only "${ours}stock")
echo "stock $stock, want 76; code $code"
head -c 300 out1 out2 out3
[ "$code" -eq 0 ] || fail 'message: error'
[ "$stock" != 100 ] || fail 'message: ignores-flags'
[ "$stock" = 76 ] || fail 'message: lost'

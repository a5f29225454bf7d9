# Three copies; the leader is stopped for longer than its lease lasts, and goes on when another one leads. Soon
# it must see that its time is over.
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
# Three copies on free ports: copy N is process $pidN and answers on port $portN.
start_three() {
    for n in 1 2 3; do
        tries=0
        while :; do
            port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
            curl -q -s --noproxy '*' -m 1 -o /dev/null "http://127.0.0.1:$port/"
            [ $? -ne 7 ] || break
            tries=$((tries + 1)); [ "$tries" -lt 20 ] || exit 3
        done
        as_learner ./program -shop "$ours" -name "copy$n" -port "$port" -ttl "$1" >"out$n" 2>&1 </dev/null &
        pids="$pids $!"
        eval "pid$n=$! port$n=$port"
    done
    until_ 20 all_answer || { head -c 500 out1 out2 out3; fail 'message: ends-early'; }
}
# serves N: copy N answers as a leader does, with a word that is new each time.
serves() {
    local port
    eval "port=\$port$1"
    word=$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    curl -q -s -f --noproxy '*' -m 2 "http://127.0.0.1:$port/?for=$word" | grep -q "$word"
}
answers() {
    local port
    eval "port=\$port$1"
    curl -q -s --noproxy '*' -m 2 -o /dev/null "http://127.0.0.1:$port/"
}
all_answer() { answers 1 && answers 2 && answers 3; }
leaders() {
    found=
    for n in 1 2 3; do serves "$n" && found="$found $n"; done
    echo "$found" | xargs
}
# one_leads: just one does; it is then $leader.
one_leads() {
    leader=$(leaders)
    case $leader in 1 | 2 | 3) ;; *) return 1 ;; esac
}
another_leads() { one_leads && [ "$leader" != "$old" ]; }
# first: the leader to begin with is $old.
first() {
    until_ 20 one_leads || {
        echo "leaders: ${leader:-none}"
        case $leader in '') fail 'message: nobody' ;; *) fail 'message: all-lead' ;; esac
    }
    old=$leader
    eval "pid=\$pid$old"
    ctl get --prefix "$ours" --keys-only | grep -q . || fail 'message: not-in-etcd'
}

build till
ctl get none >/dev/null || fail 'message: cluster'
start_three 5
first
kill -STOP "$pid"
until_ 40 another_leads || { echo "leaders: ${leader:-none}"; fail 'message: no-successor'; }
echo "copy $old led, then copy $leader"
kill -CONT "$pid"
until_ 5 answers "$old" || fail 'message: ends-early'
until_ 10 one_leads || { echo "leaders: ${leader:-none}"; fail 'message: two-lead'; }
echo "at last copy $leader"

# The figures of the first ten are those of this machine.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /var/tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
install -d -o 1000 -g 1000 "$work/home" && chmod 755 "$work" || exit 3
# The learner's files and engine are used as the learner, with settings that nobody can change.
as_learner() {
    /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
        /usr/bin/env -i PATH="$PATH" HOME="$work/home" DOCKER_CONFIG="$work/home" LANG=C.UTF-8 \
        DOCKER_HOST=unix:///run/user/1000/docker.sock "$@"
}
as_learner timeout 10 docker version >/dev/null 2>&1 || exit 3

# value FILE NAME: what the learner's file says, a plain number or word
value() {
    as_learner sh -c '[ -f "$0" ] && head -c 2000 "$0"' "/home/learner/density/$1" 2>/dev/null |
        sed -n "s/^ *$2 *= *\([0-9a-z.]*\)[ \r]*$/\1/p" | tail -n 1
}
number() { printf '%s\n' "$1" | grep -qE '^[0-9]+(\.[0-9]+)?$'; }
# holds EXPRESSION: of awk, with what is passed by -v
holds() { awk "$@" | grep -qx 1; }

# What the containers take now, measured the same way as the lab's own script does.
measured=$(as_learner sh -c '
    n=0 kib=0 tasks=0
    for pid in $(docker ps -q --filter ancestor=tea:1 | head -n 60 | xargs -r docker inspect -f "{{.State.Pid}}"); do
        keeper=$(sed -n "s/^PPid:[[:space:]]*//p" "/proc/$pid/status")
        for p in $pid $keeper; do
            kib=$((kib + $(sed -n "s/^Pss:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$p/smaps_rollup")))
            tasks=$((tasks + $(ls "/proc/$p/task" | wc -l)))
        done
        n=$((n + 1))
    done
    echo "$n $kib $tasks"') || exit 3
# shellcheck disable=SC2086 # three numbers
set -- $measured
containers=$1 kib=$2 tasks=$3
echo "containers $containers, $kib KiB, $tasks processes and threads"
[ "$containers" -ge 10 ] || fail 'message: too-few'
count=$(value ten.txt containers) memory=$(value ten.txt memory_mib) seconds=$(value ten.txt seconds)
echo "file: containers=$count memory_mib=$memory seconds=$seconds"
number "$count" && number "$memory" && number "$seconds" || fail 'message: no-figures'
holds -v n="$count" 'BEGIN { print (n == 10) }' || fail 'message: not-ten'
# Both are per container, and neither is exact: half as much to twice as much will do.
holds -v m="$memory" -v n="$containers" -v kib="$kib" \
    'BEGIN { each = kib / 1024 / n; print (m / 10 >= each / 2 && m / 10 <= each * 2) }' || fail 'message: other-memory'
holds -v s="$seconds" 'BEGIN { print (s >= 0.5 && s <= 200) }' || fail 'message: other-seconds'

# The volume, read through a container of our own, holds an order that an earlier container wrote.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# On a line of its own, even if what was printed before it ended in the middle of one.
fail() { printf "\n%s\n" "$1"; exit 1; }
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

as_learner docker volume inspect orders >/dev/null 2>&1 || fail 'message: no-volume'
now=$(as_learner docker inspect --format '{{.Config.Hostname}}' store 2>/dev/null) || fail 'message: no-store'
as_learner timeout 20 docker run --rm --network none -v orders:/data:ro busybox:1.37 cat /data/orders.txt \
    >"$work/orders" 2>"$work/err" || { head -c 500 "$work/err"; fail 'message: no-orders'; }
head -n 40 "$work/orders"
echo "now: $now"
grep -qE '^[0-9a-f]{12} .' "$work/orders" || fail 'message: no-orders'
grep -E '^[0-9a-f]{12} .' "$work/orders" | grep -qv "^$now " || fail 'message: only-this'

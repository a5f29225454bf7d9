# What the learner wrote down is what the containers can do.
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

as_learner sh -c '[ -f "$0" ] && head -c 1000 "$0"' /home/learner/reach.txt | tr -d '\r' | tr 'A-Z\t' 'a-z ' | tr -s ' ' >"$work/file"
head -n 20 "$work/file"
[ -s "$work/file" ] || fail 'message: no-file'
running() { [ "$(as_learner docker inspect --format '{{.State.Running}}' "$1" 2>/dev/null)" = true ]; }
running front || fail 'message: no-front'
running guest || fail 'message: no-guest'
running store || fail 'message: no-store'
reaches() { as_learner timeout 15 docker exec "$1" wget -q -T 3 -O /dev/null "http://$2:8080/orders" >/dev/null 2>&1; }
for pair in 'guest front' 'guest store' 'front store' 'store front'; do
    # shellcheck disable=SC2086 # two names
    set -- $pair
    truth=no
    reaches "$1" "$2" && truth=yes
    answer=$(sed -n "s/^ *$1 $2 *[:=]* *\(yes\|no\) *$/\1/p" "$work/file" | tail -n 1)
    echo "$pair: $truth, file: $answer"
    [ -n "$answer" ] || fail 'message: incomplete'
    [ "$answer" = "$truth" ] || fail 'message: differs'
done

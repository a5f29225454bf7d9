# hungry gets 40 MiB; 600 are refused, it comes back by itself, and a neighbour notices nothing.
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

as_learner docker inspect hungry >"$work/before" 2>/dev/null || fail 'message: no-hungry'
jq -e '.[0].State.Running' "$work/before" >/dev/null || fail 'message: no-hungry'
get() { HOME=$work curl -q -sS -m "$2" --max-filesize 1000 --noproxy '*' "http://127.0.0.1:8080$1" 2>"$work/err"; }
neighbour() { as_learner docker inspect --format '{{.State.Running}} {{.State.StartedAt}}' tea1 2>/dev/null; }
beside=$(neighbour)
case $beside in true*) ;; *) fail 'message: no-neighbour' ;; esac

answer=$(get '/eat?mib=40' 10)
echo "40 MiB: $answer $(head -c 200 "$work/err")"
[ "$answer" = 'ate 40 MiB' ] || fail 'message: too-tight'
answer=$(get '/eat?mib=600' 20)
echo "600 MiB: $answer $(head -c 200 "$work/err")"
[ "$answer" != 'ate 600 MiB' ] || fail 'message: not-held'
tries=0
until get '/?back' 2 | grep -q '^tea from'; do
    tries=$((tries + 1)); [ "$tries" -lt 20 ] || fail 'message: stays-away'
    sleep 0.5
done
[ "$(neighbour)" = "$beside" ] || fail 'message: neighbour-hurt'

# The volume orders lies where the store writes.
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

as_learner docker inspect store >"$work/store" 2>/dev/null || fail 'message: no-store'
jq -r '.[0].Mounts[] | [.Type, .Name // "-", .Source, .Destination] | @tsv' "$work/store"
jq -e '.[0].State.Running' "$work/store" >/dev/null || fail 'message: no-store'
at=$(jq -r '.[0].Mounts[] | select(.Type == "volume" and .Name == "orders") | .Destination' "$work/store")
case $at in
    /data) exit 0 ;;
    ?*) fail 'message: other-place' ;;
esac
jq -e 'any(.[0].Mounts[]; .Destination == "/data" and .Type == "bind")' "$work/store" >/dev/null && fail 'message: bind'
jq -e 'any(.[0].Mounts[]; .Destination == "/data")' "$work/store" >/dev/null && fail 'message: other-volume'
fail 'message: no-volume'

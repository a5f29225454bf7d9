# The store is in the internal network only, the front in both.
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

# networks CONTAINER: their names, one on a line
networks() {
    as_learner docker inspect "$1" >"$work/$1" 2>/dev/null && jq -e '.[0].State.Running' "$work/$1" >/dev/null || return 1
    jq -r '.[0].NetworkSettings.Networks | keys[]' "$work/$1"
}
networks store >"$work/of-store" || fail 'message: no-store'
networks front >"$work/of-front" || fail 'message: no-front'
echo "store: $(tr '\n' ' ' <"$work/of-store") front: $(tr '\n' ' ' <"$work/of-front")"
jq -e '[.[0].HostConfig.PortBindings // {} | to_entries[] | .value[]?] == []' "$work/store" >/dev/null || fail 'message: published'
jq -e 'any(.[0].Mounts[]; .Name == "orders" and .Destination == "/data")' "$work/store" >/dev/null || fail 'message: no-volume'
as_learner docker network inspect back >"$work/back" 2>/dev/null || fail 'message: no-network'
jq -e '.[0].Internal' "$work/back" >/dev/null || fail 'message: not-internal'
grep -qx back "$work/of-store" || fail 'message: store-outside'
grep -qx back "$work/of-front" || fail 'message: front-outside'
grep -qx shop "$work/of-front" || fail 'message: front-left'
grep -qvx back "$work/of-store" && fail 'message: store-in-both'
exit 0

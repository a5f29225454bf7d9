# Both containers are in the network shop, and only the front has a door.
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
as_learner docker network inspect shop >/dev/null 2>&1 || fail 'message: no-network'
grep -qx shop "$work/of-front" || fail 'message: front-outside'
# After the next step the store has moved on to a network of its own.
grep -qxE 'shop|back' "$work/of-store" || fail 'message: store-outside'

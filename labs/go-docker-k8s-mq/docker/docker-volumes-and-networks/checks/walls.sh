# Containers of our own try to reach the store from both networks.
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

ask() {
    as_learner timeout 20 docker run --rm --network "$1" busybox:1.37 wget -q -T 3 -O - http://store:8080/orders \
        >"$work/from-$1" 2>&1
}
for network in shop back; do
    as_learner docker network inspect "$network" >/dev/null 2>&1 || fail "message: no-network"
done
ask back || { head -c 500 "$work/from-back"; fail 'message: back-dead'; }
ask shop && fail 'message: reachable'
address=$(as_learner docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' store 2>/dev/null)
for ip in $address; do
    as_learner timeout 20 docker run --rm --network shop busybox:1.37 wget -q -T 2 -O - "http://$ip:8080/orders" >/dev/null 2>&1 &&
        fail 'message: reachable'
done
exit 0

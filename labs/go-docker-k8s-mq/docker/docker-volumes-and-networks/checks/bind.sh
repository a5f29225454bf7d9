# The folder is mounted, and the container may not write to it.
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

as_learner docker inspect site >"$work/site" 2>/dev/null || fail 'message: no-site'
jq -e '.[0].State.Running' "$work/site" >/dev/null || fail 'message: no-site'
jq -r '.[0].Mounts[] | [.Type, .Source, .Destination, .RW] | @tsv' "$work/site"
mount=$(jq -c '.[0].Mounts[] | select(.Destination == "/usr/share/nginx/html")' "$work/site")
[ -n "$mount" ] || fail 'message: not-there'
echo "$mount" | jq -e '.Type == "bind"' >/dev/null || fail 'message: not-bind'
echo "$mount" | jq -e '.Source == "/home/learner/site"' >/dev/null || fail 'message: other-folder'
as_learner timeout 10 docker exec site sh -c 'echo x >/usr/share/nginx/html/.check' >/dev/null 2>&1 && {
    as_learner timeout 10 docker exec site rm -f /usr/share/nginx/html/.check
    fail 'message: writable'
}
exit 0

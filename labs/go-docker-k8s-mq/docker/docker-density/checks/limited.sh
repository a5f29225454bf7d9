# The limits stand in the container's settings.
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

as_learner docker inspect hungry >"$work/hungry" 2>/dev/null || fail 'message: no-hungry'
jq -e '.[0].State.Running' "$work/hungry" >/dev/null || fail 'message: no-hungry'
jq -c '.[0].HostConfig | {Memory, Ulimits, RestartPolicy}' "$work/hungry"
jq -e '.[0].HostConfig.Memory == 134217728' "$work/hungry" >/dev/null || fail 'message: no-memory'
jq -e 'any(.[0].HostConfig.Ulimits // [] | .[]; .Name == "data" and .Hard == 134217728)' "$work/hungry" >/dev/null || fail 'message: no-ulimit'
jq -e '.[0].HostConfig.RestartPolicy.Name | . == "always" or . == "unless-stopped" or . == "on-failure"' "$work/hungry" >/dev/null || fail 'message: no-restart'

# orders:3 names a user that is not root, and the container runs as it.
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

user=$(as_learner docker image inspect --format '{{.Config.User}}' orders:3 2>/dev/null) || fail 'message: no-image'
echo "user: $user"
case $user in
    '')
        dockerfile=$(as_learner sh -c '[ -f "$0" ] && head -c 65536 "$0"' /home/learner/shop/Dockerfile)
        printf '%s\n' "$dockerfile" | grep -qi '^[[:space:]]*USER[[:space:]]' && fail 'message: build-stage'
        fail 'message: no-user'
        ;;
    root | 0 | root:* | 0:*) fail 'message: root' ;;
    *[!0-9:]*) fail 'message: by-name' ;;
esac

# orders:2 is small because the toolchain never came into it.
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

size=$(as_learner docker image inspect --format '{{.Size}}' orders:2 2>/dev/null) || fail 'message: no-image'
as_learner docker history --no-trunc --format '{{.Size}}	{{.CreatedBy}}' orders:2 >"$work/history" || exit 3
echo "size: $size"
head -c 3000 "$work/history"
[ "$size" -gt 1000000 ] || fail 'message: empty'
[ "$size" -le 15728640 ] && exit 0
grep -q 'rm  *-' "$work/history" && fail 'message: deleted-later'
fail 'message: toolchain'

# The layer named is one that both images have.
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
said() { as_learner sh -c '[ -f "$0" ] && head -c 500 "$0"' "/home/learner/$1" | tr -d ' \r\n\t'; }
as_learner timeout 10 docker version >/dev/null 2>&1 || exit 3

layers() { as_learner docker image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' "$1" | grep .; }
layers nginx:1.26 >"$work/nginx" || fail 'message: no-nginx'
layers busybox:1.37 >"$work/busybox" || fail 'message: no-nginx'
shared=$(grep -xFf "$work/busybox" "$work/nginx") || exit 3
answer=$(said shared.txt)
echo "shared: $shared; file: $answer"
[ -n "$answer" ] || fail 'message: no-file'
printf '%s\n' "$shared" | grep -qxF -e "$answer" -e "sha256:$answer" && exit 0
grep -qxF -e "$answer" "$work/nginx" && fail 'message: only-nginx'
fail 'message: no-layer'

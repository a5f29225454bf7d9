# The key, read out of the layer in which it still lies.
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

mkdir "$work/image" || exit 3
as_learner docker save leaky:1 >"$work/image.tar" 2>/dev/null || fail 'message: no-image'
tar -xf "$work/image.tar" -C "$work/image" --no-same-owner || exit 3
key=$(find "$work/image" -type f -size -1024k | while read -r blob; do
    tar -xOf "$blob" etc/api-key.txt 2>/dev/null
done | tr -d ' \r\n\t')
[ -n "$key" ] || fail 'message: no-image'
answer=$(said secret.txt)
echo "key: $key; file: $answer"
[ -n "$answer" ] || fail 'message: no-file'
[ "$answer" = "$key" ] || fail 'message: differs'

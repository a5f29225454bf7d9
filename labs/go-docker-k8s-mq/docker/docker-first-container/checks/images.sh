# The image is gone, and the engine is the one in which the learner built another.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
# api PATH OUTPUT: asks the nested engine; the status goes to standard output.
api() {
    HOME=$work curl -q -sS -m 10 --max-filesize 4194304 --noproxy '*' -o "$2" -w '%{http_code}' \
        --unix-socket /run/user/1000/docker.sock "http://engine$1"
}
[ "$(api /_ping "$work/ping")" = 200 ] || exit 3

[ "$(api /images/json "$work/images.json")" = 200 ] || exit 3
jq -r '.[].RepoTags // [] | .[]' "$work/images.json" >"$work/tags"
head -n 50 "$work/tags"
grep -qx 'greeter:1.0' "$work/tags" || fail 'message: no-greeter'
grep -q '^nginx:' "$work/tags" && fail 'message: nginx-left'
# Untagged, but used by a container, it would still take up the disk.
api /containers/json?all=1 "$work/all.json" >/dev/null
jq -e 'any(.[]; .Names | index("/web"))' "$work/all.json" >/dev/null && fail 'message: still-used'
# Taken off by force, its names are gone and the image is still there.
jq -e 'any(.[]; (.RepoTags // []) - ["<none>:<none>"] == [])' "$work/images.json" >/dev/null && fail 'message: unnamed-left'
exit 0

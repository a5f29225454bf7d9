# The registry has shop:1, and it is the image of this desk: one of an earlier day does not count.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
ask() { HOME=$work curl -q -sS -m 10 --max-filesize 67108864 --noproxy "*" -w "%{http_code}" "$@"; }
# registry PATH OUTPUT: asks the class mirror, which shows each learner their own name space alone.
registry() {
    ask -o "$2" -D "$work/head" "http://mirror:5000/v2/$1" \
        -H "Accept: application/vnd.docker.distribution.manifest.v2+json" \
        -H "Accept: application/vnd.oci.image.manifest.v1+json"
}
# digest TAG: prints the digest that the registry has for a tag of shop; fails when there is none.
digest() {
    [ "$(registry "$repository/manifests/$1" "$work/manifest")" = 200 ] || return 1
    tr -d "\r" <"$work/head" | sed -n "s/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p" | grep -x "sha256:[0-9a-f]*"
}
[ "$(registry _catalog "$work/catalog")" = 200 ] || exit 3
repository=$(jq -r ".repositories[] | select(test(\"^u-[0-9a-f]+/shop$\"))" "$work/catalog" | head -n 1)
echo "repository: $repository"
[ -n "$repository" ] || fail 'message: no-repository'
pushed=$(digest 1) || fail 'message: no-tag'
# engine PATH OUTPUT: asks the nested engine; the status goes to standard output.
engine() { ask -o "$2" --unix-socket /run/user/1000/docker.sock "http://engine$1"; }
[ "$(engine /_ping "$work/ping")" = 200 ] || exit 3
[ "$(engine "/images/mirror:5000/$repository:1/json" "$work/image")" = 200 ] || fail 'message: not-here'
jq -c .RepoDigests "$work/image"
jq -e --arg digest "@$pushed" '.RepoDigests | any(endswith($digest))' "$work/image" >/dev/null || fail 'message: not-here'
# What it is made of.
echo "bytes: $(jq '[.layers[].size] | add' "$work/manifest")"
jq -e '[.layers[].size] | add < 20971520' "$work/manifest" >/dev/null || fail 'message: big'
[ "$(registry "$repository/blobs/$(jq -r .config.digest "$work/manifest")" "$work/config")" = 200 ] || exit 3
user=$(jq -r '.config.User // ""' "$work/config")
echo "user: $user"
case ${user%%:*} in '' | 0 | root) fail 'message: root' ;; esac

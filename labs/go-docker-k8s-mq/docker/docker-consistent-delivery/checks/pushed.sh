# orders:1.0 lies in the registry.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
ask() { HOME=$work curl -q -sS -m 10 --max-filesize 4194304 --noproxy "*" -w "%{http_code}" "$@"; }
# registry PATH OUTPUT: asks the class mirror, which shows each learner their own name space alone.
registry() {
    ask -o "$2" -D "$work/head" "http://mirror:5000/v2/$1" \
        -H "Accept: application/vnd.docker.distribution.manifest.v2+json" \
        -H "Accept: application/vnd.docker.distribution.manifest.list.v2+json" \
        -H "Accept: application/vnd.oci.image.manifest.v1+json" \
        -H "Accept: application/vnd.oci.image.index.v1+json"
}
# digest TAG: prints the digest that the registry has for orders:TAG; fails when there is none.
digest() {
    [ "$(registry "$repository/manifests/$1" "$work/manifest")" = 200 ] || return 1
    tr -d "\r" <"$work/head" | sed -n "s/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p" | grep -x "sha256:[0-9a-f]*"
}
[ "$(registry _catalog "$work/catalog")" = 200 ] || exit 3
repository=$(jq -r ".repositories[] | select(test(\"^u-[0-9a-f]+/orders$\"))" "$work/catalog" | head -n 1)
echo "repository: $repository"
[ -n "$repository" ] || fail 'message: no-repository'
registry "$repository/tags/list" "$work/tags" >/dev/null
jq -c .tags "$work/tags"
digest 1.0 || fail 'message: no-tag'

# The Pods of web and worker all run what the registry has as shop:2, and shop:1 is still there.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "$@"; }
base=http://localhost/api/v1/namespaces/default
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
api "$base/pods?labelSelector=app+in+(web,worker)" >"$work/pods" || exit 3
jq -c '.items[] | select(.metadata.deletionTimestamp == null) | {name: .metadata.name, app: .metadata.labels.app,
    ready: (.status.containerStatuses // [] | length > 0 and all(.ready)),
    why: ([.status.containerStatuses // [] | .[] | .state.waiting.reason? // empty] | first),
    image: .spec.containers[0].image, id: ([.status.containerStatuses // [] | .[] | .imageID] | first // "")}' \
    "$work/pods" | tee "$work/ours"
[ -n "$repository" ] || fail 'message: no-tag'
wanted=$(digest 2) || fail 'message: no-tag'
old=$(digest 1) || fail 'message: old-gone'
[ "$old" != "$wanted" ] || fail 'message: old-gone'
for app in web worker; do
    jq -se --arg app "$app" '[.[] | select(.app == $app and .ready)] | length >= 2' "$work/ours" >/dev/null || exit 1
done
jq -se --arg id "mirror:5000/$repository@$wanted" 'all(.id == $id)' "$work/ours" >/dev/null || fail 'message: other-image'

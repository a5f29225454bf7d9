# The Pods of web and worker run, from an image in the learner's part of the class mirror.
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
jq -se 'any(.app == "web")' "$work/ours" >/dev/null || fail 'message: no-web'
jq -se 'any(.app == "worker")' "$work/ours" >/dev/null || fail 'message: no-worker'
jq -se 'any((.why // "") | test("Image"))' "$work/ours" >/dev/null && fail 'message: image'
jq -se 'any((.why // "") == "CreateContainerConfigError")' "$work/ours" >/dev/null && fail 'message: secret'
for app in web worker; do
    jq -se --arg app "$app" '[.[] | select(.app == $app and .ready)] | length >= 2' "$work/ours" >/dev/null || fail 'message: not-ready'
done
[ -n "$repository" ] || fail 'message: other-image'
jq -r --arg from "mirror:5000/$repository@" 'select(.id | contains($from) | not) | .name' "$work/ours" >"$work/strangers"
[ ! -s "$work/strangers" ] || fail 'message: other-image'
# The registry really has what runs.
for digest in $(jq -r '.id | sub(".*@"; "")' "$work/ours" | sort -u); do
    [ "$(registry "$repository/manifests/$digest" "$work/manifest")" = 200 ] || fail 'message: other-image'
done

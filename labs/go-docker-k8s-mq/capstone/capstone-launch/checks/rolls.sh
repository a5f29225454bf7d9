# Forty orders while both Deployments are restarted: customers hardly notice, and nothing is lost.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
shop=http://nodes:30080
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "$@"; }
base=http://localhost/api/v1/namespaces/default
# order ID [MORE]: places an order, prints the status: 202 when it was taken, 000 without an answer.
order() {
    curl -s -o /dev/null -m 5 -w '%{http_code}' -d "{\"id\":\"$1\",\"tea\":\"tea-$word\",\"grams\":50${2-}}" "$shop/orders"
}
# packed ID: how many parcels the warehouse has for an order.
packed() { curl -sS -f -m 5 "$warehouse/parcels/$1" | jq length; }
# all IDS SECONDS: waits until each has a parcel.
all() {
    for id in $1; do
        until [ "$(packed "$id")" -ge 1 ] 2>/dev/null; do
            [ "$(date +%s)" -lt "$2" ] || { echo "no parcel: $id"; return 1; }
            usleep 300000
        done
    done
}
curl -sS -f -o /dev/null -m 5 "$warehouse/healthz" || exit 3
apps=http://localhost/apis/apps/v1/namespaces/default/deployments
[ "$(order "r-$word-0")" = 202 ] || fail 'message: closed'
for name in web worker; do
    api "$apps/$name" >"$work/$name" || fail 'message: closed'
    jq -e '.status.readyReplicas >= 2' "$work/$name" >/dev/null || fail 'message: closed'
done
for name in web worker; do
    api -o /dev/null -X PATCH -H 'content-type: application/strategic-merge-patch+json' "$apps/$name" \
        -d "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"slipway.io/restarted\":\"$word\"}}}}}" || exit 3
done
# Every web Pod is new, and at least two workers are: a beginning that goes on by itself.
finished() {
    api "$apps/web" | jq -e '.status.observedGeneration == .metadata.generation and .status.updatedReplicas == .spec.replicas
        and .status.replicas == .spec.replicas and .status.readyReplicas == .spec.replicas' >/dev/null &&
        api "$apps/worker" | jq -e '.status.observedGeneration == .metadata.generation and .status.updatedReplicas >= 2
        and .status.readyReplicas >= .spec.replicas' >/dev/null
}
ids="r-$word-0" refused=0 number=0 until=$(($(date +%s) + 80))
# Orders come in as long as it takes, and at least forty.
until [ "$number" -ge 40 ] && finished; do
    [ "$(date +%s)" -lt "$until" ] || fail 'message: stuck'
    number=$((number + 1)) tries=0
    until [ "$(order "r-$word-$number")" = 202 ]; do
        refused=$((refused + 1)) tries=$((tries + 1))
        [ "$tries" -lt 20 ] || fail 'message: refused'
        usleep 300000
    done
    ids="$ids r-$word-$number"
    usleep 150000
done
echo "orders: $number, not answered with 202 at once: $refused"
[ $((refused * 10)) -le "$number" ] || fail 'message: refused'
all "$ids" $(($(date +%s) + 30)) || fail 'message: lost'
sleep 2
for id in $ids; do
    [ "$(packed "$id")" -eq 1 ] || { echo "twice: $id"; fail 'message: twice'; }
done

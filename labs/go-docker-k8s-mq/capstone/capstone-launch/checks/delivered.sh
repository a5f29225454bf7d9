# Orders that come in at the door of the cluster are packed by its Pods, once each.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
shop=http://nodes:30080
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
nodes=$(getent ahostsv4 nodes | awk '{ print $1; exit }')
ids=
for i in 1 2 3 4 5 6 7 8 9 10; do
    status=$(order "d-$word-$i")
    [ "$status" != 000 ] || fail 'message: no-answer'
    [ "$status" = 202 ] || fail 'message: not-taken'
    ids="$ids d-$word-$i"
done
all "$ids" $(($(date +%s) + 40)) || fail 'message: lost'
for id in $ids; do
    curl -sS -f -m 5 "$warehouse/parcels/$id" | tee "$work/parcels"
    jq -e 'length == 1' "$work/parcels" >/dev/null || fail 'message: twice'
    jq -e --arg nodes "$nodes" 'all(.[]; .from == $nodes)' "$work/parcels" >/dev/null || fail 'message: elsewhere'
done

# Every order becomes one parcel, though answers of the warehouse get lost and messages come twice.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
shop=http://desk:8080 api=http://broker:15672/api
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
ids=
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    status=$(order "p-$word-$i")
    [ "$status" != 000 ] || fail 'message: no-answer'
    [ "$status" = 202 ] || fail 'message: not-taken'
    ids="$ids p-$word-$i"
done
# The broker may bring a message twice; here it does.
for i in 3 9; do
    jq -nc --arg word "$word" --arg i "$i" '{properties: {delivery_mode: 2}, routing_key: "orders", payload_encoding: "string",
        payload: ({id: "p-\($word)-\($i)", tea: "tea-\($word)", grams: 50} | tojson)}' >"$work/message"
    broker -d @"$work/message" "$api/exchanges/%2F/amq.default/publish" >/dev/null || exit 3
done
all "$ids" $(($(date +%s) + 40)) || fail 'message: lost'
# Until nothing waits and nothing is in anybody's hands.
for _ in $(seq 40); do
    left=$(broker "$api/queues/%2F/orders?disable_stats=true&enable_queue_totals=true" | jq '.messages_ready + .messages_unacknowledged')
    [ "$left" != 0 ] || break
    usleep 250000
done
for id in $ids; do
    curl -sS -f -m 5 "$warehouse/parcels/$id" >"$work/parcels" || exit 3
    [ "$(jq length "$work/parcels")" -le 1 ] || { cat "$work/parcels"; fail 'message: twice'; }
    jq -e --arg tea "tea-$word" '.[0] | .tea == $tea and .grams == 50' "$work/parcels" >/dev/null || fail 'message: contents'
done

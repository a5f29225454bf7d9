# Thirty orders, while node2 is off, all workers and one web Pod are told to leave, and the broker
# drops every connection, twice. Each order is taken in the end, and packed once.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
shop=http://nodes:30080 broker_api=http://broker:15672/api
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
state=$(api "${base%/*/*}/nodes/node2" | jq -r '.status.conditions[] | select(.type == "Ready") | .status') || exit 3
[ "$state" != True ] || fail 'message: node'
[ "$(order "s-$word-0")" = 202 ] || fail 'message: closed'

ids="s-$word-0"
sell() { # FROM TO: each is sent again until it is taken
    for i in $(seq "$1" "$2"); do
        tries=0
        until [ "$(order "s-$word-$i")" = 202 ]; do
            tries=$((tries + 1))
            [ "$tries" -lt 20 ] || fail 'message: refused'
            usleep 500000
        done
        ids="$ids s-$word-$i"
    done
}
cut() { # every connection to the broker
    broker "$broker_api/connections" | jq -r '.[] | .name | @uri' | while read -r name; do
        broker -X DELETE "$broker_api/connections/$name"
    done
}
remove() { api -o /dev/null -X DELETE "$base/pods$1" || exit 3; }
sell 1 10
cut
sell 11 20
remove '?labelSelector=app%3Dworker&gracePeriodSeconds=1'
web=$(api "$base/pods?labelSelector=app%3Dweb&fieldSelector=spec.nodeName%3Dnode1" | jq -r '.items[0].metadata.name // ""')
[ -z "$web" ] || remove "/$web?gracePeriodSeconds=1"
sell 21 25
cut
sell 26 30
echo "taken: $(echo "$ids" | wc -w)"
all "$ids" $(($(date +%s) + 45)) || fail 'message: lost'
sleep 2
for id in $ids; do
    [ "$(packed "$id")" -eq 1 ] || { echo "twice: $id"; fail 'message: twice'; }
done

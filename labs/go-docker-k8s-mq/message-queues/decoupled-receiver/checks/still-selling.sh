# While nobody receives, the shop takes an order as ever, and it waits in the queue.
shop=http://127.0.0.1:8080 labels=http://desk:8081/labels
fail() { echo "$1"; exit 1; }
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
grams=$(($(od -An -N1 -tu1 /dev/urandom) + 11))
# order JSON: places it with the shop, prints its number.
order() { curl -sS -f --max-time 10 -d "$1" "$shop/orders" | jq -r .id; }
# printed ID: the label once there is one, within ten seconds.
printed() {
    tries=0
    until curl -sS -f --max-time 5 --max-filesize 65536 "$labels/$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 40 ] || return 1
        usleep 250000
    done
}
curl -sS -f -o /dev/null --max-time 5 "$shop/healthz" || exit 3
api() { curl -sS -f --max-time 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
base=http://broker:15672/api
queue=$(api "$base/queues/%2F/orders?disable_stats=true&enable_queue_totals=true") || exit 3
channels=$(api "$base/consumers/%2F" | jq '[.[] | select(.queue.name == "orders")] | length')
echo "receivers: $channels, waiting: $(printf '%s' "$queue" | jq .messages_ready)"
[ "$channels" -eq 0 ] || fail 'message: present'
printf '%s' "$queue" | jq -e '(.messages_ready // 0) >= 3' >/dev/null || fail 'message: few'
id=$(order "{\"tea\":\"tea-$word\",\"grams\":$grams}")
[ -n "$id" ] || exit 1
api -d '{"count": 500, "ackmode": "ack_requeue_true", "encoding": "auto"}' "$base/queues/%2F/orders/get" |
    jq -e --arg id "$id" 'any(.[]; (.payload | fromjson? | .id?) == $id)' >/dev/null

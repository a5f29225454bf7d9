# The service promises an order (202) only when the broker has confirmed it, as a persistent message.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
shop=http://desk:8080 api=http://broker:15672/api
# order ID [MORE]: places an order, prints the status: 202 when it was taken, 000 without an answer.
order() {
    curl -s -o /dev/null -m 5 -w '%{http_code}' -d "{\"id\":\"$1\",\"tea\":\"tea-$word\",\"grams\":50${2-}}" "$shop/orders"
}
policy=$api/policies/%2F/slipway-check
open() { broker -X DELETE "$policy"; }
trap 'open; rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
queue() { broker "$api/queues/%2F/orders?disable_stats=true&enable_queue_totals=true"; }
# until_policy WANTED: waits until the queue has this policy.
until_policy() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ "$(queue | jq -r '.policy // ""')" != "$1" ] || return 0
        usleep 250000
    done
    exit 3
}
broker "$api/overview" >"$work/overview" || exit 3
queue >"$work/queue" || fail 'message: no-queue'
jq -e .durable "$work/queue" >/dev/null || fail 'message: not-durable'
[ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "$shop/about")" != 000 ] || fail 'message: no-answer'

# For a moment the queue refuses every message.
broker -X PUT -d '{"pattern":"^orders$","apply-to":"queues","definition":{"max-length":0,"overflow":"reject-publish"}}' "$policy" || exit 3
until_policy slipway-check
status=$(order "c-$word-0")
echo "while the broker refuses: $status"
open
until_policy ''
[ "$status" != 202 ] || fail 'message: unconfirmed'

# Eight at once: most of them have to wait, and can be looked at.
for i in 1 2 3 4 5 6 7 8; do
    order "c-$word-$i" >"$work/status-$i" &
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
    broker -d '{"count": 100, "ackmode": "ack_requeue_true", "encoding": "auto"}' "$api/queues/%2F/orders/get" |
        jq -c --arg word "$word" '.[] | select(.payload | contains($word)) | .properties.delivery_mode // 1' >>"$work/modes"
    usleep 100000
done
wait
cat "$work"/status-*; echo
for i in 1 2 3 4 5 6 7 8; do
    [ "$(cat "$work/status-$i")" = 202 ] || fail 'message: not-taken'
done
echo "modes seen: $(sort "$work/modes" | uniq -c | tr '\n' ' ')"
[ -s "$work/modes" ] || fail 'message: none-waits'
! grep -q 1 "$work/modes" || fail 'message: not-persistent'

# The stream keeps what is published about orders.
export NATS_URL=nats://learner:learner@127.0.0.1:4222
nats() { /usr/local/bin/nats "$@"; }
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
orders=$(stream ORDERS)
[ -n "$orders" ] || fail 'message: no-stream'
printf '%s' "$orders" | jq -c '{subjects: .config.subjects, messages: .state.messages, last: .state.last_seq}'
printf '%s' "$orders" | jq -e '.config.subjects | index("orders.>")' >/dev/null || fail 'message: other-subjects'
printf '%s' "$orders" | jq -e '.state.last_seq >= 6' >/dev/null || fail 'message: few'
good=$(nats stream view ORDERS | sed -n 's/^[^{]*\({.*}\)$/\1/p' |
    jq -c 'select((.tea // "") != "" and ((.grams // 0) | type == "number" and . > 0))' 2>/dev/null | wc -l)
echo "good: $good"
[ "$good" -ge 6 ] || fail 'message: no-grams'

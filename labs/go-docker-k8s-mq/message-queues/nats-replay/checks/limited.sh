# The stream has a limit, and the oldest messages have gone.
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
orders=$(stream ORDERS)
[ -n "$orders" ] || exit 1
printf '%s' "$orders" | jq -c '{max: .config.max_msgs, messages: .state.messages, first: .state.first_seq, last: .state.last_seq}'
printf '%s' "$orders" | jq -e '.config.max_msgs > 0' >/dev/null || fail 'message: no-limit'
printf '%s' "$orders" | jq -e '.config.max_msgs == 5' >/dev/null || fail 'message: other-limit'
printf '%s' "$orders" | jq -e '.state.first_seq > 1 and .state.messages <= 5 and .state.messages >= 1' >/dev/null

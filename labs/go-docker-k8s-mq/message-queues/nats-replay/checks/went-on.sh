# More came after the first six, and all has been acknowledged.
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
mail=$(consumer ORDERS mail)
[ -n "$mail" ] || exit 1
last=$(stream ORDERS | jq .state.last_seq)
printf '%s' "$mail" | jq -c --argjson last "$last" '{last: $last, floor: .ack_floor.stream_seq, open: .num_ack_pending, ahead: .num_pending, delivered: .delivered.consumer_seq}'
[ "$last" -ge 9 ] || fail 'message: few'
printf '%s' "$mail" | jq -e '.num_pending == 0 and .num_ack_pending == 0' >/dev/null || fail 'message: behind'
printf '%s' "$mail" | jq -e --argjson last "$last" '.ack_floor.stream_seq == $last' >/dev/null || fail 'message: behind'

# A durable consumer that has acknowledged all there is.
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
mail=$(consumer ORDERS mail)
[ -n "$mail" ] || fail 'message: no-consumer'
printf '%s' "$mail" | jq -c '{durable: .config.durable_name, policy: .config.deliver_policy, floor: .ack_floor.stream_seq, open: .num_ack_pending, ahead: .num_pending}'
printf '%s' "$mail" | jq -e '.config.durable_name == "mail"' >/dev/null || fail 'message: not-durable'
printf '%s' "$mail" | jq -e '.config.deliver_policy == "all" and .config.ack_policy == "explicit"' >/dev/null || fail 'message: other-way'

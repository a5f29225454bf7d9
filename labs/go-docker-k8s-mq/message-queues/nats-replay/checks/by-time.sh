# A consumer that begins at a moment, and has been read.
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
recent=$(consumer ORDERS recent)
[ -n "$recent" ] || fail 'message: no-consumer'
first=$(stream ORDERS | jq -r .state.first_ts)
printf '%s' "$recent" | jq -c --arg first "$first" '{policy: .config.deliver_policy, from: .config.opt_start_time, first: $first, delivered: .delivered.stream_seq, floor: .ack_floor.consumer_seq}'
printf '%s' "$recent" | jq -e '.config.deliver_policy == "by_start_time"' >/dev/null || fail 'message: not-by-time'
# All moments are of the same form, so they compare as text.
printf '%s' "$recent" | jq -e --arg first "$first" '.config.opt_start_time[:19] > $first[:19]' >/dev/null || fail 'message: whole'
printf '%s' "$recent" | jq -e '.ack_floor.consumer_seq >= 1' >/dev/null || fail 'message: not-read'

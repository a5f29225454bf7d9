# A stream that forgets what was acknowledged, as a queue does.
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
tasks=$(stream TASKS)
[ -n "$tasks" ] || fail 'message: no-stream'
printf '%s' "$tasks" | jq -c '{retention: .config.retention, messages: .state.messages, last: .state.last_seq}'
printf '%s' "$tasks" | jq -e '.config.retention == "workqueue"' >/dev/null || fail 'message: other-retention'
printf '%s' "$tasks" | jq -e '.state.last_seq >= 3' >/dev/null || fail 'message: few'
printf '%s' "$tasks" | jq -e '[.consumer_detail[]?] | length >= 1' >/dev/null || fail 'message: not-taken'
printf '%s' "$tasks" | jq -e '.state.last_seq - .state.messages >= 2 and .state.messages >= 1' >/dev/null || fail 'message: not-taken'

# The queue empties: what was done is acknowledged, and nothing comes back for ever.
base=http://127.0.0.1:15672/api
fail() { echo "$1"; exit 1; }
api() { curl -sS -f --max-time 10 -u learner:learner "$@" 2>/dev/null; }
api -o /dev/null "$base/whoami" || exit 3
tries=0
while :; do
    queue=$(api "$base/queues/%2F/orders") || exit 1
    figures=$(printf '%s' "$queue" | jq -c '{consumers: (.consumers // 0), ready: (.messages_ready // 0), open: (.messages_unacknowledged // 0), acked: (.message_stats.ack // 0)}')
    printf '%s' "$figures" | jq -e '.ready == 0 and .open == 0 and .acked >= 1' >/dev/null && break
    tries=$((tries + 1))
    if [ "$tries" -ge 120 ]; then
        echo "$figures"
        printf '%s' "$figures" | jq -e '.consumers >= 1' >/dev/null || fail 'message: no-worker'
        printf '%s' "$figures" | jq -e '.acked >= 1' >/dev/null || fail 'message: no-ack'
        fail 'message: busy'
    fi
    usleep 500000
done
echo "$figures"
printf '%s' "$figures" | jq -e '.consumers >= 1' >/dev/null || fail 'message: no-worker'

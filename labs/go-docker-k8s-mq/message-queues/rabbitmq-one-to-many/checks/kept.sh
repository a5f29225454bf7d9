# A rejected letter was kept, and good ones were written.
base=http://127.0.0.1:15672/api
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
fail() { echo "$1"; exit 1; }
api -o /dev/null "$base/whoami" || exit 3
api "$base/queues/%2F/letters-failed" >/dev/null 2>&1 || fail 'message: none'
api -X POST "$base/queues/%2F/letters-failed/get" -d '{"count":1000,"ackmode":"ack_requeue_true","encoding":"auto"}' |
    jq -c '[.[] | {payload, death: .properties.headers."x-death"[0]}] | map({payload, queue: .death.queue, reason: .death.reason})' | tee /tmp/kept-$$
jq -e 'any(.[]; .queue == "letters" and .reason == "rejected")' /tmp/kept-$$ >/dev/null
found=$?
rm -f /tmp/kept-$$
[ "$found" -eq 0 ] || fail 'message: none'
api "$base/queues/%2F/letters" | jq -e '(.message_stats.ack // 0) >= 1' >/dev/null || fail 'message: none-written'

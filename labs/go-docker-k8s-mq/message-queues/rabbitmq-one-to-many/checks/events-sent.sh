# Three different events have gone through the exchange.
base=http://127.0.0.1:15672/api
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
fail() { echo "$1"; exit 1; }
api -o /dev/null "$base/whoami" || exit 3
api -X POST "$base/queues/%2F/audit/get" -d '{"count":1000,"ackmode":"ack_requeue_true","encoding":"auto"}' 2>/dev/null |
    jq -c '[.[] | select(.exchange == "events") | .routing_key] | unique' | tee /tmp/events-$$
jq -e 'length >= 3' /tmp/events-$$ >/dev/null
found=$?
rm -f /tmp/events-$$
[ "$found" -eq 0 ]

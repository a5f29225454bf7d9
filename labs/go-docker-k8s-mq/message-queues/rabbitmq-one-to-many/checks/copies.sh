# One and the same order waits in all three queues.
base=http://127.0.0.1:15672/api
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
fail() { echo "$1"; exit 1; }
api -o /dev/null "$base/whoami" || exit 3
for queue in label mail stats; do
    api -X POST "$base/queues/%2F/$queue/get" \
        -d '{"count":1000,"ackmode":"ack_requeue_true","encoding":"auto"}' 2>/dev/null |
        jq -c --arg queue "$queue" '[.[] | select(.exchange == "orders") | .payload] | unique | {($queue): .}'
done | jq -s -c add | tee /tmp/copies-$$
jq -e '(.label // []) as $l | (.mail // []) as $m | (.stats // []) as $s |
    [$l[] | select(. as $t | ($m | index($t)) != null and ($s | index($t)) != null)] | length > 0' /tmp/copies-$$ >/dev/null
found=$?
rm -f /tmp/copies-$$
[ "$found" -eq 0 ]

. /etc/profile
set -eu
cd ~/shop
measure -n 40 -c 20 -d '{"id": "rush-{{n}}", "tea": "longjing", "grams": 100}' http://localhost:8080/orders | tee rush.txt
setsid nohup ~/.solution/worker >>~/.solution/worker.log 2>&1 </dev/null &
echo $! >>~/.solution/worker.pids
longest=0
for _ in $(seq 20); do
    ready=$(curl -fsS "$RABBITMQ_API/queues/%2F/orders?disable_stats=true&enable_queue_totals=true" | jq '.messages_ready // 0')
    [ "$ready" -le "$longest" ] || longest=$ready
    sleep 0.25
done
median() { sed -n 's/^median: *\([0-9]*\) ms/\1/p' "$1"; }
printf 'before: %s\nafter: %s\nqueue: %s\n' "$(median before.txt)" "$(median after.txt)" "$longest" | tee result.txt
# Two workers need half as long: wait until the rush is over.
for _ in $(seq 240); do
    left=$(curl -fsS "$RABBITMQ_API/queues/%2F/orders?disable_stats=true&enable_queue_totals=true" |
        jq '(.messages_ready // 0) + (.messages_unacknowledged // 0)')
    [ "$left" -gt 0 ] || break
    sleep 0.5
done
queues

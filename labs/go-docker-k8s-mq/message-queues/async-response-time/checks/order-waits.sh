# An order is in the queue once it was answered. When a worker is there already, it
# must be the queue that gave it the work.
shop=http://desk:8080
base=http://127.0.0.1:15672/api
fail() { echo "$1"; exit 1; }
word=check-$(od -An -N5 -tx1 /dev/urandom | tr -d " \n")
# place ID: an order from outside; prints the status and the seconds it took.
place() {
    curl -sS -o /dev/null -w "%{http_code} %{time_total}\n" --max-time 20 --max-filesize 65536 -H "content-type: application/json" \
        -d "{\"id\":\"$1\",\"tea\":\"longjing\",\"grams\":100}" "$shop/orders" 2>/dev/null
}
progress() { curl -sS -f --max-time 5 --max-filesize 65536 "$shop/orders/$1" 2>/dev/null; }
complete() { [ "$(progress "$1" | grep -c -x -e "mail sent" -e "label printed" -e "statistics updated")" -ge 3 ]; }
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
api -o /dev/null "$base/whoami" || exit 3
published() { api "$base/queues/%2F/orders" 2>/dev/null | jq '.message_stats.publish // 0'; }
api "$base/queues/%2F/orders" >/dev/null 2>&1 || fail 'message: no-queue'
before=$(published)
set -- $(place "$word")
echo "status ${1:-none}, ${2:-0} s"
[ "${1:-000}" != 000 ] || fail 'message: no-answer'
[ "$1" = 202 ] || exit 1
found=$(api -X POST "$base/queues/%2F/orders/get" -d '{"count":1000,"ackmode":"ack_requeue_true","encoding":"auto"}' |
    jq -c --arg id "$word" '[.[] | select((.payload | fromjson? | .id?) == $id) | .properties] | first // empty')
echo "found: $found"
if [ -z "$found" ]; then
    # Taken already? Then the broker counted it, a moment late.
    tries=0
    until [ "$(published)" -gt "$before" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 24 ] || fail 'message: not-queued'
        usleep 250000
    done
    [ "$(api "$base/queues/%2F/orders" | jq '.consumers // 0')" -ge 1 ] || fail 'message: not-queued'
    exit 0
fi
printf '%s' "$found" | jq -e '.delivery_mode == 2' >/dev/null || fail 'message: not-persistent'

# The queue letters gets orders, and its dead letters go to letters-failed.
base=http://127.0.0.1:15672/api
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
fail() { echo "$1"; exit 1; }
api -o /dev/null "$base/whoami" || exit 3
queue=$(api "$base/queues/%2F/letters" 2>/dev/null)
[ -n "$queue" ] || fail 'message: no-queue'
dead=$(printf '%s' "$queue" | jq -r '.arguments."x-dead-letter-exchange" // .effective_policy_definition."dead-letter-exchange" // ""')
[ -n "$dead" ] || fail 'message: no-argument'
echo "dead letters go to: $dead"
type=$(api "$base/exchanges/%2F/$(printf %s "$dead" | jq -sRr @uri)" 2>/dev/null | jq -r .type)
[ -n "$type" ] || fail 'message: no-dead-exchange'
api "$base/bindings/%2F/e/$(printf %s "$dead" | jq -sRr @uri)/q/letters-failed" 2>/dev/null | jq -e 'length > 0' >/dev/null || fail 'message: no-dead-queue'
api "$base/bindings/%2F/e/orders/q/letters" | jq -e 'length > 0' >/dev/null || fail 'message: not-bound'

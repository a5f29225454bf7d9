# A message to the exchange orders reaches all three queues.
base=http://127.0.0.1:15672/api
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
fail() { echo "$1"; exit 1; }
api -o /dev/null "$base/whoami" || exit 3
type=$(api "$base/exchanges/%2F/orders" 2>/dev/null | jq -r .type)
[ -n "$type" ] || fail 'message: no-exchange'
[ "$type" = fanout ] || fail 'message: other-type'

# A copy of the exchange with copies of its bindings, so that our messages go where
# the learner's would, and leave nothing in the learner's queues.
word=check-$(od -An -N6 -tx1 /dev/urandom | tr -d " \n")
mirror() {
    api -o /dev/null -X PUT "$base/exchanges/%2F/$word" -d "{\"type\":\"$2\",\"durable\":true}"
    bound=$(api "$base/exchanges/%2F/$1/bindings/source")
    printf "%s" "$bound" | jq -c "[.[] | select(.destination_type == \"queue\") | {q: .destination, k: .routing_key, a: .arguments}] | .[:40][]" >/tmp/$word
    while read -r binding; do
        queue=$(printf "%s" "$binding" | jq -r ".q | @uri")
        api -o /dev/null -X PUT "$base/queues/%2F/$word-$queue" -d "{\"durable\":true,\"arguments\":{\"x-expires\":60000}}"
        printf "%s" "$binding" | jq -c "{routing_key: .k, arguments: .a}" |
            api -o /dev/null -X POST "$base/bindings/%2F/e/$word/q/$word-$queue" -d @-
    done </tmp/$word
}
# arrives KEY: the queues that get a message with this key, in alphabetical order.
arrives() {
    api -o /dev/null -X POST "$base/exchanges/%2F/$word/publish" \
        -d "{\"properties\":{},\"routing_key\":\"$1\",\"payload\":\"$word\",\"payload_encoding\":\"string\"}"
    jq -r ".q | @uri" /tmp/$word | sort -u | while read -r queue; do
        count=$(api -X POST "$base/queues/%2F/$word-$queue/get" \
            -d "{\"count\":10,\"ackmode\":\"ack_requeue_false\",\"encoding\":\"auto\"}" | jq length)
        [ "${count:-0}" -eq 0 ] || printf "%s " "$queue"
    done
}
tidy() {
    jq -r ".q | @uri" /tmp/$word | sort -u | while read -r queue; do
        api -o /dev/null -X DELETE "$base/queues/%2F/$word-$queue"
    done
    api -o /dev/null -X DELETE "$base/exchanges/%2F/$word"
    rm -f /tmp/$word
}
mirror orders fanout
got=$(arrives any.key)
tidy
echo "got: $got"
for queue in label mail stats; do
    case " $got" in *" $queue "*) ;; *) exit 1 ;; esac
done

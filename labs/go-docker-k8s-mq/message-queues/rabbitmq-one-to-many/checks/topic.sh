# Patterns pick the right events.
base=http://127.0.0.1:15672/api
api() { curl -sS -f --max-time 10 -u learner:learner -H "content-type: application/json" "$@"; }
fail() { echo "$1"; exit 1; }
api -o /dev/null "$base/whoami" || exit 3
type=$(api "$base/exchanges/%2F/events" 2>/dev/null | jq -r .type)
[ -n "$type" ] || fail 'message: no-exchange'
[ "$type" = topic ] || fail 'message: other-type'

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
mirror events topic
new="n$(printf %s "$word" | tail -c 6)"
one=$(arrives "$new") four=$(arrives "$new.a.b.c")
placed_cn=$(arrives order.placed.cn) stock_cn=$(arrives "stock.$new.cn") placed_eu=$(arrives order.placed.eu)
long_cn=$(arrives "order.placed.$new.cn") short_cn=$(arrives "$new.cn")
cancelled=$(arrives "order.cancelled.$new") cancelled_cn=$(arrives order.cancelled.cn) returned=$(arrives stock.cancelled.eu)
tidy
for seen in "$one" "$four" "$placed_cn" "$stock_cn" "$placed_eu" "$long_cn" "$short_cn" "$cancelled" "$cancelled_cn" "$returned"; do echo "$seen"; done
case " $one" in *" audit "*) ;; *) fail 'message: audit' ;; esac
case " $four" in *" audit "*) ;; *) fail 'message: audit' ;; esac
case " $placed_cn" in *" china "*) ;; *) fail 'message: china' ;; esac
case " $stock_cn" in *" china "*) ;; *) fail 'message: china' ;; esac
case " $placed_eu$long_cn$short_cn" in *" china "*) fail 'message: china' ;; esac
case " $cancelled" in *" cancelled "*) ;; *) fail 'message: cancelled' ;; esac
case " $cancelled_cn" in *" cancelled "*) ;; *) fail 'message: cancelled' ;; esac
case " $placed_cn$returned" in *" cancelled "*) fail 'message: cancelled' ;; esac

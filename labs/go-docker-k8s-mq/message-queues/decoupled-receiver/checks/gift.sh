# The receiver of version 2: a gift text is printed when there is one, and only then.
shop=http://127.0.0.1:8080 labels=http://desk:8081/labels
fail() { echo "$1"; exit 1; }
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
grams=$(($(od -An -N1 -tu1 /dev/urandom) + 11))
# order JSON: places it with the shop, prints its number.
order() { curl -sS -f --max-time 10 -d "$1" "$shop/orders" | jq -r .id; }
# printed ID: the label once there is one, within ten seconds.
printed() {
    tries=0
    until curl -sS -f --max-time 5 --max-filesize 65536 "$labels/$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 40 ] || return 1
        usleep 250000
    done
}
curl -sS -f -o /dev/null --max-time 5 "$shop/healthz" || exit 3

# send JSON: puts a message of our own into the queue, as a newer shop would.
send() {
    jq -nc --arg body "$1" "{properties: {delivery_mode: 2}, routing_key: \"orders\", payload: \$body, payload_encoding: \"string\"}" |
        curl -sS -f -o /dev/null --max-time 5 -u learner:learner -H "content-type: application/json" \
            -d @- http://broker:15672/api/exchanges/%2F/amq.default/publish
}
send "{\"id\":\"c-$word-new\",\"tea\":\"puer\",\"grams\":$grams,\"gift\":\"for $word\"}" || exit 3
new=$(printed "c-$word-new") || fail 'message: no-label'
echo "new: $new"
[ "$new" = "c-$word-new: $grams g puer (gift: for $word)" ] || fail 'message: no-gift'

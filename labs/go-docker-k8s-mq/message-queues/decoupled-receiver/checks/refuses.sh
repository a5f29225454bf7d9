# What is no order is refused once and for all, and those behind it are printed.
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
send "{\"id\":\"c-$word-bad\",\"tea\":\"puer\",\"weight\":$grams}" || exit 3
send "{\"id\":\"c-$word-none\",\"grams\":$grams}" || exit 3
send "{\"id\":\"c-$word-good\",\"tea\":\"bancha\",\"grams\":$grams}" || exit 3
good=$(printed "c-$word-good") || fail 'message: stuck'
echo "good: $good"
[ "$good" = "c-$word-good: $grams g bancha" ] || fail 'message: other-text'
for kind in bad none; do
    if text=$(curl -sS -f --max-time 5 --max-filesize 65536 "$labels/c-$word-$kind" 2>/dev/null); then
        echo "$kind: $text"
        fail 'message: nonsense'
    fi
done

# An order placed with the shop becomes a label with its own tea and grams.
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
id=$(order "{\"tea\":\"tea-$word\",\"grams\":$grams}")
[ -n "$id" ] || exit 3
text=$(printed "$id") || fail 'message: no-label'
echo "label: $text"
[ "$text" = "$id: $grams g tea-$word" ] || fail 'message: other-text'

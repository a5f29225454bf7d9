# The program's sum is that of the whole stream, and it goes on counting.
export NATS_URL=nats://learner:learner@127.0.0.1:4222
nats() { /usr/local/bin/nats "$@"; }
fail() { echo "$1"; exit 1; }
figures=$(curl -sS -f --max-time 5 "http://127.0.0.1:8222/jsz?accounts=true&streams=true&consumers=true&config=true") || exit 3
# stream NAME: what the server says of a stream, nothing when there is none.
stream() { printf "%s" "$figures" | jq -c --arg name "$1" "[.account_details[]?.stream_detail[]? | select(.name == \$name)] | first // empty"; }
# consumer STREAM NAME: the same of a consumer.
consumer() { stream "$1" | jq -c --arg name "$2" "[.consumer_detail[]? | select(.name == \$name)] | first // empty"; }
[ -n "$(stream ORDERS)" ] || exit 1
total() { nats request stats.total 2>/dev/null; }
[ -n "$(total)" ] || fail 'message: no-answer'
sum() {
    nats stream view ORDERS | sed -n 's/^[^{]*\({.*}\)$/\1/p' | jq -s '[.[] | .grams // .Grams // 0] | add // 0'
}
# agrees: within a few seconds the program says what the stream adds up to.
agrees() {
    tries=0
    until [ "$(total)" = "$(sum)" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 24 ] || return 1
        usleep 250000
    done
}
agrees || { echo "program: $(total), stream: $(sum)"; [ "$(total)" -gt "$(sum)" ] && fail 'message: too-much'; fail 'message: too-little'; }
grams=$(($(od -An -N1 -tu1 /dev/urandom) % 90 + 7))
nats pub orders.placed "{\"id\": \"check\", \"tea\": \"check\", \"grams\": $grams}" >/dev/null 2>&1 || exit 3
agrees || { echo "program: $(total), stream: $(sum)"; fail 'message: stands-still'; }
echo "program: $(total), stream: $(sum)"

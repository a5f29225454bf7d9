# Gift texts get through, from the customer to the parcel, whichever Pods they meet.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
shop=http://nodes:30080
# order ID [MORE]: places an order, prints the status: 202 when it was taken, 000 without an answer.
order() {
    curl -s -o /dev/null -m 5 -w '%{http_code}' -d "{\"id\":\"$1\",\"tea\":\"tea-$word\",\"grams\":50${2-}}" "$shop/orders"
}
# packed ID: how many parcels the warehouse has for an order.
packed() { curl -sS -f -m 5 "$warehouse/parcels/$1" | jq length; }
# all IDS SECONDS: waits until each has a parcel.
all() {
    for id in $1; do
        until [ "$(packed "$id")" -ge 1 ] 2>/dev/null; do
            [ "$(date +%s)" -lt "$2" ] || { echo "no parcel: $id"; return 1; }
            usleep 300000
        done
    done
}
curl -sS -f -o /dev/null -m 5 "$warehouse/healthz" || exit 3
for _ in 1 2 3 4 5 6 7 8 9 10; do
    curl -s -m 5 "$shop/about?note=$word"
done >"$work/about"
sort "$work/about" | uniq -c
grep -q "($word)" "$work/about" || fail 'message: no-answer'
! grep -qv "^shop [^ ]* v2 ($word)$" "$work/about" || fail 'message: web-old'
with= without=
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    [ "$(order "g-$word-$i" ",\"gift\":\"for $word $i\"")" = 202 ] || fail 'message: not-taken'
    with="$with g-$word-$i"
done
for i in 21 22 23; do
    [ "$(order "g-$word-$i")" = 202 ] || fail 'message: not-taken'
    without="$without g-$word-$i"
done
all "$with $without" $(($(date +%s) + 40)) || fail 'message: lost'
for id in $with $without; do
    curl -sS -f -m 5 "$warehouse/parcels/$id" >"$work/parcels" || exit 3
    jq -c '.[] | [.order, .gift, .by]' "$work/parcels"
    jq -e 'length == 1' "$work/parcels" >/dev/null || fail 'message: twice'
    jq -e 'all(.[]; .by | endswith(" v2"))' "$work/parcels" >/dev/null || fail 'message: worker-old'
    wanted=
    case " $with " in *" $id "*) wanted="for $word ${id##*-}" ;; esac
    jq -e --arg gift "$wanted" '(.[0].gift // "") == $gift' "$work/parcels" >/dev/null || fail 'message: gift'
done

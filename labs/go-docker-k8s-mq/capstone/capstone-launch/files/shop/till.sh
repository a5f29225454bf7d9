#!/bin/bash
# till.sh COUNT [URL]: places orders with the shop, as a customer's till does it: one that is not
# answered with 202 is sent again, under the same number. Then it asks the warehouse about each.
set -u
count=${1:?usage: till.sh COUNT [URL]}
shop=${2:-http://localhost:8080}
word=$(od -An -N2 -tx1 /dev/urandom | tr -d ' \n')
again=0
for i in $(seq "$count"); do
    until [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' \
        -d "{\"id\": \"t-$word-$i\", \"tea\": \"puer\", \"grams\": 50}" "$shop/orders")" = 202 ]; do
        again=$((again + 1))
        printf '\r%s' "t-$word-$i: no 202, sending it again ($again)   "
        sleep 0.5
    done
    printf '\r%-60s' "$i of $count taken"
done
printf '\n'
# The warehouse needs a while; after a minute without a new parcel it is not only slow.
missing=$count before=-1 idle=0
while [ "$missing" -gt 0 ] && [ "$idle" -lt 60 ]; do
    missing=0 double=0
    for i in $(seq "$count"); do
        parcels=$(curl -s -m 5 "$WAREHOUSE_URL/parcels/t-$word-$i" | jq length)
        [ "${parcels:-0}" -gt 0 ] || missing=$((missing + 1))
        [ "${parcels:-0}" -lt 2 ] || double=$((double + 1))
    done
    printf '\r%-60s' "$((count - missing)) of $count packed"
    if [ "$missing" = "$before" ]; then idle=$((idle + 1)); else idle=0; fi
    before=$missing
    [ "$missing" -eq 0 ] || sleep 1
done
printf '\n%s\n' "ordered: $count   sent again: $again   missing: $missing   packed twice: $double"
[ "$missing" -eq 0 ] && [ "$double" -eq 0 ]

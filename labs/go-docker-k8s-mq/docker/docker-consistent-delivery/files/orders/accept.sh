#!/bin/bash
# accept.sh ADDRESS: the acceptance test. Asks a running service, whatever environment it is in.
address=${1:?usage: ./accept.sh http://localhost:8081}
failed=0
# expect CUPS PRICE TOTAL
expect() {
    local got
    got=$(curl -fsS -m 5 "$address/total?cups=$1&price=$2") || exit 1
    if [ "$got" = "$3" ]; then
        echo "ok    $1 cups at $2: $got"
    else
        echo "FAIL  $1 cups at $2: $got, expected $3"
        failed=1
    fi
}
curl -fsS -m 5 "$address/about" || exit 1
expect 1 12 12
expect 9 12 108
expect 10 12 108
expect 11 12 120
expect 25 12 276
exit $failed

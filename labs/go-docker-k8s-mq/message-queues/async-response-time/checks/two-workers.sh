# A rush: eight orders at once are answered quickly, and two of them are in work at
# the same time.
shop=http://desk:8080
base=http://127.0.0.1:15672/api
fail() { echo "$1"; exit 1; }
word=check-$(od -An -N5 -tx1 /dev/urandom | tr -d " \n")
# place ID: an order from outside; prints the status and the seconds it took.
place() {
    curl -sS -o /dev/null -w "%{http_code} %{time_total}\n" --max-time 20 --max-filesize 65536 -H "content-type: application/json" \
        -d "{\"id\":\"$1\",\"tea\":\"longjing\",\"grams\":100}" "$shop/orders" 2>/dev/null
}
progress() { curl -sS -f --max-time 5 --max-filesize 65536 "$shop/orders/$1" 2>/dev/null; }
complete() { [ "$(progress "$1" | grep -c -x -e "mail sent" -e "label printed" -e "statistics updated")" -ge 3 ]; }
api() { curl -sS -f --max-time 10 -u learner:learner "$@" 2>/dev/null; }
api -o /dev/null "$base/whoami" || exit 3
tries=0
until [ "$(api "$base/queues/%2F/orders" | jq '.consumers // 0')" -ge 2 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 16 ] || fail 'message: one-worker'
    usleep 500000
done
for n in 1 2 3 4 5 6 7 8; do place "$word-$n" >/tmp/$word-$n & done
wait
cat /tmp/$word-*
fast=$(cat /tmp/$word-* | jq -R 'split(" ") | select(.[0] == "202" and (.[1] | tonumber) < 1)' -c | wc -l)
rm -f /tmp/$word-*
[ "$fast" -ge 6 ] || fail 'message: slow'
# In work: has begun (its mail is out) and is not complete. Two at the same time are two workers.
tries=0
while :; do
    busy=0 complete=0
    for n in 1 2 3 4 5 6 7 8; do
        lines=$(progress "$word-$n" | grep -c -x -e "mail sent" -e "label printed" -e "statistics updated")
        case $lines in 1 | 2) busy=$((busy + 1)) ;; 3) complete=$((complete + 1)) ;; esac
    done
    [ "$busy" -lt 2 ] || most=2
    [ "$complete" -lt 8 ] || break
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || fail 'message: not-done'
    usleep 250000
done
[ "${most:-1}" -ge 2 ] || fail 'message: one-after-another'

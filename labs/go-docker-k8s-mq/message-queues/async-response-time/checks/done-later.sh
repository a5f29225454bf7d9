# Answered at once, and done later, by whoever takes it out of the queue.
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
set -- $(place "$word")
echo "status ${1:-none}, ${2:-0} s"
[ "${1:-000}" != 000 ] || fail 'message: no-answer'
[ "$1" = 202 ] || exit 1
first=$(progress "$word")
printf '%s' "$first" | grep -q -x 'statistics updated' && fail 'message: at-once'
tries=0
until complete "$word"; do
    tries=$((tries + 1))
    [ "$tries" -lt 160 ] || fail 'message: not-done'
    usleep 500000
done
progress "$word"

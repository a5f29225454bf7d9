# Of five orders, three at least are answered within half a second, with 202. The
# work alone takes 1.8 s; on a busy machine single answers may be slow.
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
fast=0
for n in 1 2 3 4 5; do
    set -- $(place "$word-$n")
    echo "status ${1:-none}, ${2:-0} s"
    [ "${1:-000}" != 000 ] || fail 'message: no-answer'
    case $1 in
        202) ;;
        201) fail 'message: created' ;;
        *) fail 'message: other-status' ;;
    esac
    [ "$(printf '%s' "$2" | jq '. < 0.5')" != true ] || fast=$((fast + 1))
done
[ "$fast" -ge 3 ] || fail 'message: slow'

# The worker holds few orders at a time, and the broker waits for its acknowledgement.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
work=$(mktemp -d /tmp/check.XXXXXX) || exit 3
word=$(od -An -N4 -tx1 /dev/urandom | tr -d " \n")
warehouse=http://warehouse:8080
broker() { curl -sS -f -m 5 -u learner:learner -H 'content-type: application/json' "$@" 2>/dev/null; }
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM HUP
broker http://broker:15672/api/consumers/%2F >"$work/consumers" || exit 3
jq -c '.[] | select(.queue.name == "orders") | {ack_required, prefetch_count}' "$work/consumers" | tee "$work/ours"
[ -s "$work/ours" ] || fail 'message: no-worker'
jq -es 'all(.ack_required)' "$work/ours" >/dev/null || fail 'message: auto-ack'
jq -es 'all(.prefetch_count >= 1 and .prefetch_count <= 10)' "$work/ours" >/dev/null || fail 'message: prefetch'

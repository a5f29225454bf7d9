# Everything was handed out and acknowledged, and there are parcels to show for it.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
group=$(redis --json xinfo groups orders 2>/dev/null | jq -c '.[] | select(.name == "packers")')
[ -n "$group" ] || exit 1
echo "$group"
# The number of orders that wait is unknown to the group once entries were deleted.
waiting=$(redis --json xrange orders "($(printf '%s' "$group" | jq -r '."last-delivered-id"')" + count 1 | jq length)
[ "$waiting" -eq 0 ] || fail 'message: waiting'
printf '%s' "$group" | jq -e '.pending == 0' >/dev/null || fail 'message: open'
[ "$(redis xlen parcels)" -ge 2 ] || fail 'message: few'

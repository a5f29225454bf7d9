# The group knows both packers and handed out two entries.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
group=$(redis --json xinfo groups orders 2>/dev/null | jq -c '.[] | select(.name == "packers")') || true
[ -n "$group" ] || fail 'message: no-group'
echo "$group"
redis --json xinfo consumers orders packers | jq -c 'map(.name)'
redis --json xinfo consumers orders packers | jq -e 'map(.name) | contains(["anna", "ben"])' >/dev/null || exit 1
printf '%s' "$group" | jq -e '(."entries-read" // 0) >= 2' >/dev/null

# The group stats was handed every entry.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
redis --json xinfo groups orders 2>/dev/null | jq -c '.[] | select(.name == "stats")'
redis --json xinfo groups orders 2>/dev/null |
    jq -e '.[] | select(.name == "stats") | (."entries-read" // 0) >= 3 and .lag == 0' >/dev/null

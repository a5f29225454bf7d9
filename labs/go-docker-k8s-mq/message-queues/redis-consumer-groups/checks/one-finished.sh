# At least four were handed out and two of them acknowledged.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
redis --json xinfo groups orders 2>/dev/null | jq -c '.[] | select(.name == "packers")'
redis --json xinfo groups orders 2>/dev/null |
    jq -e '.[] | select(.name == "packers") | (."entries-read" // 0) >= 4 and (."entries-read" - .pending) >= 2' >/dev/null || exit 1
redis --json xinfo consumers orders packers | jq -e '.[] | select(.name == "ben") | .pending == 0' >/dev/null

# What ben had is anna's now, delivered for the second time.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
redis type orders | grep -q stream || exit 1
redis --json xinfo groups orders | jq -e 'map(.name) | index("packers")' >/dev/null || exit 1
redis --json xinfo consumers orders packers | jq -c 'map({name, pending})'
redis --json xinfo consumers orders packers | jq -e 'map(.name) | contains(["anna", "ben"])' >/dev/null || exit 1
redis --json xinfo consumers orders packers | jq -e '.[] | select(.name == "ben") | .pending == 0' >/dev/null || fail 'message: ben-holds'
# An open entry is [number, consumer, idle, deliveries].
redis --json xpending orders packers - + 100 | jq -c .
redis --json xpending orders packers - + 100 | jq -e 'any(.[]; .[1] == "anna" and .[3] >= 2)' >/dev/null || fail 'message: all-done'

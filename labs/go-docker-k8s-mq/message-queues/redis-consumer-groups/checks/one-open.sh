# Anna acknowledged what she took; ben did not.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
consumers=$(redis --json xinfo consumers orders packers 2>/dev/null) || exit 1
open() { printf '%s' "$consumers" | jq -r --arg name "$1" '[.[] | select(.name == $name) | .pending] | first // "none"'; }
printf '%s' "$consumers" | jq -c 'map({name, pending})'
anna=$(open anna) ben=$(open ben)
[ "$anna" != none ] && [ "$ben" != none ] || exit 1
[ "$anna" -eq 0 ] || fail 'message: anna-open'
[ "$ben" -ge 1 ] || fail 'message: ben-empty'
# Something was acknowledged: more was handed out than is open.
redis --json xinfo groups orders | jq -e '.[] | select(.name == "packers") | (."entries-read" // 0) > .pending' >/dev/null

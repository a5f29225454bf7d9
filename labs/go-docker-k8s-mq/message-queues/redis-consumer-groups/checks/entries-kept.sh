# At least three entries in the stream.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
case $(redis type orders) in
    none) fail 'message: no-stream' ;;
    stream) ;;
    *) fail 'message: other-kind' ;;
esac
count=$(redis xlen orders)
echo "entries: $count"
[ "$count" -ge 3 ]

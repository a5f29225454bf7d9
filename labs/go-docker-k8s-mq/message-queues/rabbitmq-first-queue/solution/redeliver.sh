. /etc/profile
set -eu
cd ~/shop
python3 send.py parcels "a heavy parcel"

# waits LOG PATTERN: until the receiver has printed it.
waits() {
    for _ in $(seq 100); do
        ! grep -q "$2" "$1" || return 0
        sleep 0.2
    done
    cat "$1" >&2
    return 1
}
python3 receive.py parcels 30 >/tmp/first.log 2>&1 &
first=$!
waits /tmp/first.log '^got'
kill -KILL "$first"
wait "$first" || true

python3 receive.py parcels 1 >/tmp/second.log 2>&1 &
receiver=$!
waits /tmp/second.log '^done'
cat /tmp/first.log /tmp/second.log

# The broker's figures run a few seconds late and not all at once: wait until they stay.
stays=0
for _ in $(seq 100); do
    if curl -fsS "$RABBITMQ_API/queues/%2F/parcels" |
        jq -e '.message_stats.redeliver >= 1 and .message_stats.ack >= 1 and .messages_ready == 0 and .messages_unacknowledged == 0' >/dev/null; then
        stays=$((stays + 1))
    else
        stays=0
    fi
    [ "$stays" -lt 12 ] || break
    sleep 0.25
done
kill "$receiver"
wait "$receiver" || true
queues
[ "$stays" -ge 12 ]

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

# The broker's figures run a few seconds late.
for _ in $(seq 100); do
    curl -fsS "$RABBITMQ_API/queues/%2F/parcels" |
        jq -e '.message_stats.redeliver >= 1 and .message_stats.ack >= 1 and .messages == 0' >/dev/null && ready=yes && break
    sleep 0.2
done
kill "$receiver"
wait "$receiver" || true
queues
[ "${ready-}" = yes ]

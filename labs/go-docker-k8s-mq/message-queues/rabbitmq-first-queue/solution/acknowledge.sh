. /etc/profile
set -eu
cd ~/shop
sed -i 's/^    # TODO step 2: .*$/    channel.basic_ack(method.delivery_tag)/' receive.py
python3 receive.py orders 0.5 >/tmp/receive.log 2>&1 &
receiver=$!
for _ in $(seq 100); do
    [ "$(grep -c '^done' /tmp/receive.log)" -lt 3 ] || break
    sleep 0.2
done
cat /tmp/receive.log

# The broker's figures run a few seconds late and not all at once: wait until they stay.
stays=0
for _ in $(seq 100); do
    if curl -fsS "$RABBITMQ_API/queues/%2F/orders" |
        jq -e '.message_stats.ack >= 3 and .messages_ready == 0 and .messages_unacknowledged == 0' >/dev/null; then
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

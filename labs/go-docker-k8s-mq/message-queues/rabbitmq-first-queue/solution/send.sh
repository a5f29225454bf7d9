. /etc/profile
set -eu
cd ~/shop
sed -i 's/^channel.queue_declare(queue, durable=False)$/channel.queue_declare(queue, durable=True)/' send.py
for n in 1 2 3; do python3 send.py orders "order $n"; done

# The broker's figures run a few seconds late and not all at once: wait until they stay.
stays=0
for _ in $(seq 100); do
    if curl -fsS "$RABBITMQ_API/queues/%2F/orders" |
        jq -e '.messages_ready >= 3' >/dev/null; then
        stays=$((stays + 1))
    else
        stays=0
    fi
    [ "$stays" -lt 12 ] || break
    sleep 0.25
done
queues
[ "$stays" -ge 12 ]

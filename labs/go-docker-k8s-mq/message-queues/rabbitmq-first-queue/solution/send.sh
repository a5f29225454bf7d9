. /etc/profile
set -eu
cd ~/shop
sed -i 's/^channel.queue_declare(queue, durable=False)$/channel.queue_declare(queue, durable=True)/' send.py
for n in 1 2 3; do python3 send.py orders "order $n"; done

# The broker's figures run a few seconds late.
for _ in $(seq 100); do
    curl -fsS "$RABBITMQ_API/queues/%2F/orders" |
        jq -e '.messages_ready >= 3' >/dev/null && ready=yes && break
    sleep 0.2
done
queues
[ "${ready-}" = yes ]

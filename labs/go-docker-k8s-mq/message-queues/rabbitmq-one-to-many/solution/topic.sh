. /etc/profile
set -eu
cd ~/shop
sed -i '/^# TODO step 3: /{
r /dev/stdin
d
}' routes.py <<'PY'
channel.exchange_declare("events", "topic", durable=True)
for queue, pattern in [("audit", "#"), ("china", "*.*.cn"), ("cancelled", "order.cancelled.*")]:
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, "events", pattern)
PY
python3 routes.py
python3 send.py events order.placed.cn "order 5"
python3 send.py events order.cancelled.eu "order 3"
python3 send.py events stock.low.cn "longjing: 400 g left"
bindings
queues

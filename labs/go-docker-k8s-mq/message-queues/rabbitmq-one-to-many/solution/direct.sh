. /etc/profile
set -eu
cd ~/shop
sed -i '/^# TODO step 2: /{
r /dev/stdin
d
}' routes.py <<'PY'
channel.exchange_declare("picking", "direct", durable=True)
for queue, key in [("room-tea", "tea"), ("room-ware", "ware"), ("inventory", "tea"), ("inventory", "ware")]:
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, "picking", key)
PY
python3 routes.py
python3 send.py picking tea "100 g longjing"
python3 send.py picking ware "a teapot"
bindings
queues

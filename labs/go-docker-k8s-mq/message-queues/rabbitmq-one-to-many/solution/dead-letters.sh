. /etc/profile
set -eu
cd ~/shop
sed -i '/^# TODO step 4: /{
r /dev/stdin
d
}' routes.py <<'PY'
channel.exchange_declare("failed", "fanout", durable=True)
channel.queue_declare("letters-failed", durable=True)
channel.queue_bind("letters-failed", "failed")
channel.queue_declare("letters", durable=True, arguments={"x-dead-letter-exchange": "failed"})
channel.queue_bind("letters", "orders")
PY
python3 routes.py
python3 send.py orders "" "order 6, lin@example.org"
python3 send.py orders "" "order 7, no address given"
python3 writer.py
python3 look.py letters-failed
queues

. /etc/profile
set -eu
cd ~/shop
sed -i 's/^    # TODO step 1: .*$/    channel.queue_bind(queue, "orders")/' routes.py
python3 routes.py
python3 send.py orders "" "order 2, mei@example.org"
bindings
queues

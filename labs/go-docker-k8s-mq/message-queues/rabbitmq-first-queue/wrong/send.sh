# Sends before the change: the queue stays what it was made, and every later send is refused.
. /etc/profile
set -eu
cd ~/shop
python3 send.py orders "order 1"
sed -i 's/^channel.queue_declare(queue, durable=False)$/channel.queue_declare(queue, durable=True)/' send.py
for n in 2 3; do python3 send.py orders "order $n" || true; done
queues

. /etc/profile
set -eu
nats pub orders.placed 'to nobody'
nats stream add ORDERS --subjects 'orders.>'
nats pub orders.placed '{"id": {{Count}}, "tea": "longjing", "grams": 100}' --count 6
nats stream view ORDERS

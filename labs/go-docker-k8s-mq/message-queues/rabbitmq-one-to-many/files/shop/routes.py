"""python3 routes.py: makes exchanges, queues and bindings.

Run it again after each change: what is already there stays as it is.
"""
import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()

# Step 1: mail, label and stats each get a copy of every order.
channel.exchange_declare("orders", "fanout", durable=True)
for queue in ["mail", "label", "stats"]:
    channel.queue_declare(queue, durable=True)
    # TODO step 1: bind the queue to the exchange "orders".

# Step 2: each room of the store gets its own jobs, and the inventory gets them all.
# TODO step 2: a direct exchange "picking" with the queues room-tea, room-ware and inventory.

# Step 3: who wants which events?
# TODO step 3: a topic exchange "events" with the queues audit, china and cancelled.

# Step 4: letters that can't be sent are kept.
# TODO step 4: a queue letters that has an exchange for dead letters.

connection.close()

"""python3 send.py QUEUE TEXT: puts one message into a queue of the broker."""
import sys

import pika

BROKER = "amqp://learner:learner@broker:5672/%2F"
queue, text = sys.argv[1], " ".join(sys.argv[2:])

connection = pika.BlockingConnection(pika.URLParameters(BROKER))
channel = connection.channel()

# The queue is made if there is none yet.
# TODO step 1: a queue that is not durable is gone when the broker restarts.
channel.queue_declare(queue, durable=False)

channel.confirm_delivery()  # basic_publish returns when the broker has the message
channel.basic_publish(
    exchange="",  # the exchange without a name: straight to the queue of this name
    routing_key=queue,
    body=text.encode(),
    properties=pika.BasicProperties(delivery_mode=2),  # 2: keep the message on disk
)
print("sent:", text)
connection.close()

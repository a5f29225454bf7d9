"""python3 receive.py QUEUE [SECONDS]: takes messages out of a queue, until Ctrl-C.

The work on each message takes SECONDS (1 when left out).
"""
import sys

import pika

BROKER = "amqp://learner:learner@broker:5672/%2F"
queue = sys.argv[1]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1

connection = pika.BlockingConnection(pika.URLParameters(BROKER))
channel = connection.channel()
channel.queue_declare(queue, durable=True)


def on_message(channel, method, properties, body):
    again = " (redelivered)" if method.redelivered else ""
    print("got: ", body.decode() + again, flush=True)
    connection.sleep(seconds)  # the work
    print("done:", body.decode(), flush=True)
    # TODO step 2: acknowledge the message, or the broker never knows that it is done.


# TODO step 4: without a limit, the broker hands over everything it has at once.
channel.basic_consume(queue, on_message)
print("waiting for messages, Ctrl-C ends", flush=True)
try:
    channel.start_consuming()
except KeyboardInterrupt:
    connection.close()

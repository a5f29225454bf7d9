"""python3 look.py QUEUE: what waits in a queue, without taking it away."""
import os
import sys

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
while True:
    try:
        method, properties, body = channel.basic_get(sys.argv[1])
    except pika.exceptions.ChannelClosedByBroker as error:
        sys.exit(f"the broker refused: {error.reply_text}")
    if method is None:
        break
    print(body.decode())
    for death in (properties.headers or {}).get("x-death", []):
        print("    died in the queue", death["queue"], "because it was", death["reason"])
connection.close()  # nothing was acknowledged: everything goes back

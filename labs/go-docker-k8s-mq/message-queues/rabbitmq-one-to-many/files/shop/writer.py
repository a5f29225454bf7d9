"""python3 writer.py: writes the letters of the queue letters, until none is left."""
import os
import sys

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
while True:
    try:
        method, _, body = channel.basic_get("letters")
    except pika.exceptions.ChannelClosedByBroker as error:
        sys.exit(f"the broker refused: {error.reply_text}")
    if method is None:
        break
    order = body.decode()
    if "@" in order:
        print("written:  ", order)
        channel.basic_ack(method.delivery_tag)
    else:
        print("rejected: ", order, "(no address)")
        channel.basic_reject(method.delivery_tag, requeue=False)
connection.close()

"""python3 send.py EXCHANGE KEY TEXT: hands one message to an exchange of the broker."""
import os
import sys

import pika

exchange, key, text = sys.argv[1], sys.argv[2], " ".join(sys.argv[3:])

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.confirm_delivery()  # basic_publish returns when the broker has the message
try:
    channel.basic_publish(
        exchange,
        routing_key=key,
        body=text.encode(),
        properties=pika.BasicProperties(delivery_mode=2),  # 2: keep the message on disk
    )
except pika.exceptions.ChannelClosedByBroker as error:
    sys.exit(f"the broker refused it: {error.reply_text}")
print("the broker has it:", text)
connection.close()

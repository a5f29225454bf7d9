"""python3 packer.py NAME [SECONDS]: packs the orders of the stream, until Ctrl-C.

Packing one order takes SECONDS (5 when left out).
"""
import sys
import time

import redis

STREAM, GROUP = "orders", "packers"
name = sys.argv[1]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5

broker = redis.Redis.from_url("redis://learner:learner@broker:6379", decode_responses=True)


def pack(number, order):
    print("packing:", number, order, flush=True)
    time.sleep(seconds)  # the work
    broker.xadd("parcels", {"order": number, "packed_by": name})
    broker.xack(STREAM, GROUP, number)
    print("packed: ", number, flush=True)


print(name, "waits for orders, Ctrl-C ends", flush=True)
try:
    while True:
        # TODO step 4: first take over what somebody has left lying for fifteen seconds.
        # Then the next new order; after two seconds without one, look again.
        for _, entries in broker.xreadgroup(GROUP, name, {STREAM: ">"}, count=1, block=2000):
            for number, order in entries:
                pack(number, order)
except KeyboardInterrupt:
    print()

. /etc/profile
set -eu
kill "$(cat ~/.solution/pid)"
for _ in $(seq 100); do curl -s -o /dev/null localhost:8081/ || break; sleep 0.1; done
for tea in puer longjing bancha oolong; do
    curl -sS -d "{\"tea\": \"$tea\", \"grams\": 50}" shop:8080/orders
done
# The broker notices a moment later that the receiver has gone.
for _ in $(seq 50); do
    [ "$(curl -fsS "$RABBITMQ_API/consumers/%2F" | jq length)" -ne 0 ] || break
    sleep 0.2
done
queues
peek orders

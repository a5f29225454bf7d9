# Acknowledges properly, but neither waits for the broker nor tells the warehouse which
# calls belong together.
. /etc/profile
set -eu
cd ~/shop
sed -i 's|^\t\tBody:        body,|&\n\t\tDeliveryMode: amqp.Persistent,|' web.go
sed -i -e '/^\t\/\/ TODO 2: hold/,/autoAck/c\
\tif err := channel.Qos(1, 0, false); err != nil {\
\t\treturn err\
\t}' \
    -e 's/Consume(queue, "", true,/Consume(queue, "", false,/' \
    -e 's|// TODO 2: it will never be one: ||' \
    -e 's|// TODO 2: back into the queue, to be tried again: ||' \
    -e 's|// TODO 2: only now is it done: ||' worker.go
go vet .
go build -o /tmp/shop .
(exec setsid /tmp/shop web >/tmp/web.log 2>&1 </dev/null) &
(exec setsid /tmp/shop worker >/tmp/worker.log 2>&1 </dev/null) &
for _ in $(seq 50); do ! curl -fs localhost:8080/ready || exit 0; sleep 0.2; done
exit 1

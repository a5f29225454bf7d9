. /etc/profile
set -eu
cd ~/shop
# TODO 1: confirmed and persistent.
cat >publish.txt <<'GO'
func publish(ctx context.Context, channel *amqp.Channel, body []byte) error {
	confirmation, err := channel.PublishWithDeferredConfirmWithContext(ctx, "", queue, false, false, amqp.Publishing{
		ContentType:  "application/json",
		DeliveryMode: amqp.Persistent,
		Body:         body,
	})
	if err != nil {
		return err
	}
	taken, err := confirmation.WaitContext(ctx)
	if err == nil && !taken {
		err = errors.New("the broker refused the order")
	}
	return err
}
GO
sed -i -e '/^func publish/,/^}/{/^}/r publish.txt
d}' -e 's|^\t// TODO 1: a broker.*|\tif err := channel.Confirm(false); err != nil {\n\t\treturn err\n\t}|' web.go
rm publish.txt
# TODO 2: acknowledged when it is done. TODO 3: once, however often it is asked for.
sed -i -e '/^\t\/\/ TODO 2: hold/,/autoAck/c\
\tif err := channel.Qos(1, 0, false); err != nil {\
\t\treturn err\
\t}' \
    -e 's/Consume(queue, "", true,/Consume(queue, "", false,/' \
    -e 's|// TODO 2: it will never be one: ||' \
    -e 's|// TODO 2: back into the queue, to be tried again: ||' \
    -e 's|// TODO 2: only now is it done: ||' \
    -e 's|^\t// TODO 3.*|\trequest.Header.Set("Idempotency-Key", order.ID)|' worker.go
go vet .
go build -o /tmp/shop .
# As in the terminals 2 and 3, and left running.
pkill -x shop || true
(exec setsid /tmp/shop web >/tmp/web.log 2>&1 </dev/null) &
(exec setsid /tmp/shop worker >/tmp/worker.log 2>&1 </dev/null) &
for _ in $(seq 50); do ! curl -fs localhost:8080/ready || break; sleep 0.2; done
bash till.sh 10

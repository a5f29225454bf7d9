. /etc/profile
set -eu
cd ~/shop
sed -i 's/DeliverNewPolicy/DeliverAllPolicy/' stats/stats.go
go vet ./stats
go build -o ~/.solution/stats ./stats
setsid nohup ~/.solution/stats >~/.solution/stats.log 2>&1 </dev/null &
for _ in $(seq 50); do ! nats request stats.total >/dev/null 2>&1 || break; sleep 0.2; done
# The first messages are old, and `recent` shall not get them.
nats consumer add ORDERS recent --deliver 1s
nats pub orders.placed '{"id": 20, "tea": "oolong", "grams": 30}'
nats consumer next ORDERS recent --count 100
nats request stats.total

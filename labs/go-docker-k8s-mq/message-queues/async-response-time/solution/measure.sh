. /etc/profile
set -eu
cd ~/shop
# The one before has to give up the port first.
mkdir -p ~/.solution
if [ -e ~/.solution/orders.pid ]; then
    kill "$(cat ~/.solution/orders.pid)" 2>/dev/null || true
    for _ in $(seq 100); do curl -s -o /dev/null localhost:8080/ || break; sleep 0.1; done
fi
go build -o ~/.solution/orders ./orders
setsid nohup ~/.solution/orders >~/.solution/orders.log 2>&1 </dev/null &
echo $! >~/.solution/orders.pid
for _ in $(seq 100); do ! curl -s -o /dev/null localhost:8080/ || break; sleep 0.1; done
curl -i -d '{"id": "first", "tea": "longjing", "grams": 100}' localhost:8080/orders
measure -n 12 -c 4 -d '{"id": "before-{{n}}", "tea": "longjing", "grams": 100}' http://localhost:8080/orders | tee before.txt

. /etc/profile
set -eu
cd ~/shop
curl -sS -X POST shop:8080/rollout
sed -i -e 's/^\ttext = fmt.Sprintf(.*$/\tif order.Tea == "" || order.Grams <= 0 {\n\t\treturn "", "", errors.New("no tea, or no grams")\n\t}\n&/' labels/label.go
# The one before has to give up the port first.
mkdir -p ~/.solution
if [ -e ~/.solution/pid ]; then
    kill "$(cat ~/.solution/pid)" 2>/dev/null || true
    for _ in $(seq 100); do curl -s -o /dev/null localhost:8081/ || break; sleep 0.1; done
fi
go vet ./labels
go build -o ~/.solution/labels ./labels
setsid nohup ~/.solution/labels >>~/.solution/log 2>&1 </dev/null &
echo $! >~/.solution/pid
for _ in $(seq 100); do ! curl -s -o /dev/null localhost:8081/ || break; sleep 0.1; done
curl -sS -d '{"tea": "puer", "grams": 50, "gift": "for Mei"}' shop:8080/orders
tail -n 5 ~/.solution/log

. /etc/profile
set -eu
cd ~/shop
curl -sS -d '{"tea": "puer", "grams": 50}' shop:8080/orders
peek orders
sed -i -e 's/^\t\/\/ TODO step 1: the other two.*$/\tTea   string `json:"tea"`\n\tGrams int    `json:"grams"`/' \
    -e '/^\t\/\/ TODO step 1: "o-7/d' \
    -e 's/^\treturn order.ID, .*$/\treturn order.ID, fmt.Sprintf("%s: %d g %s", order.ID, order.Grams, order.Tea), nil/' labels/label.go
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

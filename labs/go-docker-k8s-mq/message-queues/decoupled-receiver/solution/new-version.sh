. /etc/profile
set -eu
cd ~/shop
sed -i -e 's/^\tGrams int .*$/&\n\tGift  string `json:"gift"`/' \
    -e 's/^\treturn order.ID, fmt.Sprintf(\(.*\)), nil$/\ttext = fmt.Sprintf(\1)\n\tif order.Gift != "" {\n\t\ttext += fmt.Sprintf(" (gift: %s)", order.Gift)\n\t}\n\treturn order.ID, text, nil/' labels/label.go
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

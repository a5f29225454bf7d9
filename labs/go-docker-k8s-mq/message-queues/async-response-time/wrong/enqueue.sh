# Answers at once, and does the work in the background of the same program: fast,
# and lost with the next restart.
. /etc/profile
set -eu
cd ~/shop
python3 - <<'PY'
import pathlib

path = pathlib.Path("orders/orders.go")
text = path.read_text()
text = text.replace('	"shop/work"\n)\n', '	"shop/queue"\n	"shop/work"\n)\n')
begin = text.index("	// TODO step 2")
end = text.index("}\n\n// show", begin)
text = text[:begin] + """	go work.Do(order)
	w.WriteHeader(http.StatusAccepted) // 202
	fmt.Fprintln(w, "accepted:", order.ID)
""" + text[end:]
text = text.replace("func main() {\n", """func main() {
	if _, err := queue.Open(); err != nil {
		log.Fatal(err)
	}
""")
path.write_text(text)
PY
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
measure -n 12 -c 4 -d '{"id": "after-{{n}}", "tea": "longjing", "grams": 100}' http://localhost:8080/orders | tee after.txt

# The new code is saved, but what runs is still the old.
. /etc/profile
set -eu
cd ~/hello
mkdir -p ~/.solution
go build -o ~/.solution/hello .
setsid nohup ~/.solution/hello >~/.solution/log 2>&1 </dev/null &
sed -i 's/^\tfmt.Fprintln(w, "TODO")$/\tname := r.URL.Query().Get("name")\n\tif name == "" {\n\t\tname = "world"\n\t}\n\tfmt.Fprintf(w, "Hello, %s!\\n", name)/' main.go
go vet .
for _ in $(seq 100); do curl -s localhost:8080/ && exit 0; sleep 0.1; done
cat ~/.solution/log >&2
exit 1

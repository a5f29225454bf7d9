# Builds the till and runs three copies, until Ctrl-C.
echo "building the till"
cd ~/shop && go build -o bin/till ./till || exit 1
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap exit INT TERM
for n in 1 2 3; do bin/till -name till$n -port 808$n & done
echo "three tills run on the ports 8081 to 8083, Ctrl-C ends them"
wait

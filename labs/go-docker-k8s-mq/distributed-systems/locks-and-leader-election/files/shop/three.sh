# Builds the till and runs three copies, until Ctrl-C.
cd ~/shop && go build -o bin/till ./till || exit 1
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap exit INT TERM
for n in 1 2 3; do bin/till -name till$n -port 808$n & done
wait

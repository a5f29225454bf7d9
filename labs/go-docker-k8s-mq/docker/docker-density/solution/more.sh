. /etc/profile
set -eu
sh ~/density/start 30
sh ~/density/measure | tee ~/density/measured
threads=$(sed -n 's/^# each: \([0-9.]*\) processes and threads$/\1/p' ~/density/measured)
most=$(sed -n 's/^# this machine: \([0-9]*\) .*/\1/p' ~/density/measured | head -n 1)
awk -v t="$threads" -v most="$most" 'BEGIN { printf "threads_each=%s\nfit_here=%d\n", t, most / t }' >~/density/more.txt
cat ~/density/more.txt

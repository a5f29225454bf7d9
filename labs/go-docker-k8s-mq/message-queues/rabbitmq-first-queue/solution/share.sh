. /etc/profile
set -eu
cd ~/shop
sed -i 's/^# TODO step 4: .*$/channel.basic_qos(prefetch_count=1)/' receive.py
pkill -f '^python3 receive.py jobs' || true
for n in $(seq 12); do python3 send.py jobs "job $n"; done
for worker in 1 2; do
    : >"/tmp/worker$worker.log"
    setsid nohup python3 receive.py jobs 30 >>"/tmp/worker$worker.log" 2>&1 </dev/null &
done

# The broker's figures run a few seconds late and not all at once: wait until they stay.
stays=0
for _ in $(seq 100); do
    if curl -fsS "$RABBITMQ_API/queues/%2F/jobs" |
        jq -e '.consumers == 2 and .messages_ready > 0 and .messages_unacknowledged == 2' >/dev/null; then
        stays=$((stays + 1))
    else
        stays=0
    fi
    [ "$stays" -lt 12 ] || break
    sleep 0.25
done
queues
[ "$stays" -ge 12 ]

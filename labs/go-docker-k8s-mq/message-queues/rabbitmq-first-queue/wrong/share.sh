# The limit comes after basic_consume, when the first receiver has been given everything.
. /etc/profile
set -eu
cd ~/shop
sed -i -e '/^# TODO step 4: /d' -e 's/^channel.basic_consume(.*$/&\nchannel.basic_qos(prefetch_count=1)/' receive.py
pkill -f '^python3 receive.py jobs' || true
for n in $(seq 12); do python3 send.py jobs "job $n"; done
for worker in 1 2; do
    : >"/tmp/worker$worker.log"
    setsid nohup python3 receive.py jobs 30 >>"/tmp/worker$worker.log" 2>&1 </dev/null &
    for _ in $(seq 100); do ! grep -q '^waiting' "/tmp/worker$worker.log" || break; sleep 0.2; done
done

# The broker's figures run a few seconds late.
for _ in $(seq 100); do
    ! curl -fsS "$RABBITMQ_API/queues/%2F/jobs" |
        jq -e '.consumers == 2 and .messages_ready == 0' >/dev/null || break
    sleep 0.25
done
queues

. /etc/profile
set -eu
# One that nobody renews …
first=$(etcdctl lease grant 5 | cut -d' ' -f2)
etcdctl put --lease="$first" on-duty/anna "till 1"
for _ in $(seq 100); do
    [ -n "$(etcdctl get --keys-only on-duty/anna)" ] || break
    sleep 0.3
done
# … and one that somebody does.
second=$(etcdctl lease grant 15 | cut -d' ' -f2)
etcdctl put --lease="$second" on-duty/ben "till 2"
setsid nohup etcdctl lease keep-alive "$second" >/dev/null 2>&1 </dev/null &
etcdctl get --prefix on-duty/

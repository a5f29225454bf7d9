# A key under on-duty/ that had a lease and is gone, and a lease that has run out: the members count those.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
ctl() { ETCDCTL_ENDPOINTS=http://etcd1:2379,http://etcd2:2379,http://etcd3:2379 timeout 3 etcdctl "$@" 2>/dev/null; }
ctl get none >/dev/null || fail 'message: cluster'
# The history of these keys, from the beginning; the watch itself never ends.
ctl watch -w json --prefix --rev 1 on-duty/ >/tmp/expired.json
trap 'rm -f /tmp/expired.json' EXIT
jq -es '[.[].Events[]? | select(.type != 1 and (.kv.lease // 0) != 0)] | length > 0' /tmp/expired.json >/dev/null ||
    fail 'message: never'
jq -es '[.[].Events[]? | select(.type == 1)] | length > 0' /tmp/expired.json >/dev/null || fail 'message: not-yet'
expired=0
for name in etcd1 etcd2 etcd3; do
    n=$(curl -q -s --noproxy '*' -m 3 "http://$name:2379/metrics" | awk '$1 == "etcd_debugging_server_lease_expired_total" { print int($2) }')
    expired=$((expired + ${n:-0}))
done
echo "$expired leases have run out"
[ "$expired" -gt 0 ] || fail 'message: deleted'

. /etc/profile
set -eu
cluster cut etcd1
cluster cut etcd2
for _ in $(seq 100); do
    cluster leader >/dev/null 2>&1 || break
    sleep 0.2
done
cluster
cluster heal etcd1 etcd2
for _ in $(seq 100); do
    ! cluster leader 2>/dev/null || break
    sleep 0.2
done
etcdctl --endpoints "$(cluster leader):2379" put order/1 "100 g longjing"
cluster

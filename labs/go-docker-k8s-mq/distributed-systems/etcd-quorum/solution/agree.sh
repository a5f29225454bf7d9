. /etc/profile
set -eu
etcdctl --endpoints etcd1:2379 put price/longjing 88
etcdctl --endpoints etcd2:2379 get price/longjing
etcdctl put note/leader "$(cluster leader)"
cluster

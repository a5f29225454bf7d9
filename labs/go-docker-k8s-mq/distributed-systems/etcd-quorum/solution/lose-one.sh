. /etc/profile
set -eu
# leader: waits until there is one.
leader() {
    for _ in $(seq 100); do
        ! cluster leader 2>/dev/null || return 0
        sleep 0.2
    done
    cluster >&2
    return 1
}
cluster kill "$(leader)"
leader
etcdctl put order/1 "100 g longjing"
cluster

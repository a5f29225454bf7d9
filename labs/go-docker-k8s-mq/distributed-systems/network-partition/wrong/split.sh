# The leader is killed in place of being cut off: that is a power cut.
. /etc/profile
set -eu
etcdctl put price/longjing 88
cluster kill "$(cluster leader)"
for _ in $(seq 100); do
    new=$(cluster leader 2>/dev/null || true)
    [ -z "$new" ] || break
    sleep 0.2
done
etcdctl --endpoints "$new:2379" put price/longjing 92

. /etc/profile
set -eu
etcdctl put price/longjing 88
old=$(cluster leader)
cluster cut "$old"
# The old leader needs a moment to notice that it leads nobody.
new=
for _ in $(seq 100); do
    new=$(cluster leader 2>/dev/null || true)
    [ -z "$new" ] || [ "$new" = "$old" ] || break
    sleep 0.2
done
etcdctl --endpoints "$new:2379" put price/longjing 92
cluster

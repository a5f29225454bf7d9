# A key under on-duty/ whose lease is being renewed: its remaining time goes up while we look.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
ctl() { ETCDCTL_ENDPOINTS=http://etcd1:2379,http://etcd2:2379,http://etcd3:2379 timeout 4 etcdctl "$@" 2>/dev/null; }
ctl get -w json --prefix on-duty/ >/tmp/kept.json || fail 'message: cluster'
trap 'rm -f /tmp/kept.json' EXIT
[ "$(jq '.count // 0' /tmp/kept.json)" -gt 0 ] || fail 'message: no-key'
leases=$(jq -r '.kvs[].lease // empty' /tmp/kept.json | sort -u | head -n 5)
[ -n "$leases" ] || fail 'message: no-lease'
left() { ctl lease timetolive -w json "$(printf '%x' "$1")" | jq -r '"\(.ttl) \(."granted-ttl")"'; }
short=no
for lease in $leases; do
    read -r before granted <<END
$(left "$lease")
END
    [ -n "$granted" ] && [ "$granted" -le 60 ] || continue
    short=yes
    # It is renewed when a third of its time is over.
    looks=$((granted * 2))
    while [ "$looks" -gt 0 ]; do
        read -r now granted <<END
$(left "$lease")
END
        [ "${now:--1}" -gt 0 ] || break
        [ "$now" -le "$before" ] || { echo "lease $lease: $before s left, then $now s"; exit 0; }
        before=$now looks=$((looks - 1))
        sleep 0.5
    done
done
[ "$short" = yes ] || fail 'message: long'
fail 'message: not-renewed'

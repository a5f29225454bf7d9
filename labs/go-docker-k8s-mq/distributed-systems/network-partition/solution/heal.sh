. /etc/profile
set -eu
cluster heal
# All three with a role, one term and one revision.
for _ in $(seq 100); do
    same=$(cluster | awk 'NR > 1 { print ($3 == "leader" || $3 == "follower"), $4, $5 }' | sort -u)
    [ "$(wc -l <<<"$same")" -ne 1 ] || [ "${same%% *}" != 1 ] || break
    sleep 0.2
done
etcdctl get --prefix ''
cluster

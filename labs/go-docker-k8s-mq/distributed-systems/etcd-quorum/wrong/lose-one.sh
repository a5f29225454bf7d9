# A follower is killed in place of the leader: no election, and no lesson.
. /etc/profile
set -eu
cluster kill "$(cluster | awk '$3 == "follower" { print $1; exit }')"
etcdctl put order/1 "100 g longjing"

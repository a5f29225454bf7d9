. /etc/profile
set -eu
# The leader goes, a follower stays: nobody to lead it.
cluster kill "$(cluster leader)"
last=$(cluster | awk '$2 == "running" { print $1 }')
! etcdctl --endpoints "$last:2379" put order/2 "50 g biluochun"
! etcdctl --endpoints "$last:2379" get order/1
etcdctl --endpoints "$last:2379" get --consistency=s order/1
cluster

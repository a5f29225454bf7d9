. /etc/profile
set -eu
small=$(cluster | awk 'NR > 1 && NF == 7 { print $1 }')
large=$(cluster leader)
! etcdctl --endpoints "$small:2379" put price/biluochun 120
! etcdctl --endpoints "$small:2379" get price/longjing
stale=$(etcdctl --endpoints "$small:2379" get --consistency=s --print-value-only price/longjing)
etcdctl --endpoints "$large:2379" put note/stale "$stale"

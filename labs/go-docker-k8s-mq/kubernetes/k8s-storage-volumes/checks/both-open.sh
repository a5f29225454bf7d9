PATH=/usr/sbin:/usr/bin:/sbin:/bin
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
curl -fs -m 3 -o /dev/null http://nodes:30080/moved.txt || exit 1
api /api/v1/nodes | jq -e 'all(.items[]; .spec.unschedulable != true)'

api() { curl -fsS --max-time 5 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
pod=$(api /api/v1/namespaces/default/pods/orphan 2>/dev/null) || exit 1
of() { printf '%s' "$pod" | jq -r "$1"; }
[ "$(of .spec.schedulerName)" = nobody ] || { echo 'message: scheduler'; exit 1; }
node=$(of '.spec.nodeName // ""')
[ -n "$node" ] || { echo 'message: pending'; exit 1; }
[ "$node" = node2 ] || { echo 'message: elsewhere'; exit 1; }
[ "$(of .status.phase)" = Running ] || { echo 'message: not-running'; exit 1; }

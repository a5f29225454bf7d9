api() { curl -fsS --max-time 5 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
api /apis/apps/v1/namespaces/default/deployments/tea 2>/dev/null |
    jq -e '.spec.replicas == 2 and .status.readyReplicas == 2' >/dev/null || exit 1

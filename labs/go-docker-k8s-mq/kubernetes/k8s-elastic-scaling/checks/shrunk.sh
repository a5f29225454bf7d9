# The load is gone, the autoscaler grew and shrank the Deployment, and one copy is left.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "http://localhost$1"; }
pods=$(api /api/v1/namespaces/default/pods) || exit 3
if echo "$pods" | jq -e 'any(.items[]; .metadata.name == "load")' >/dev/null; then
    echo 'message: load'
    exit 1
fi
events=$(api '/api/v1/namespaces/default/events?fieldSelector=reason%3DSuccessfulRescale%2CinvolvedObject.name%3Dweb' | jq -r '.items[].message') || exit 3
printf '%s\n' "$events"
if ! printf '%s\n' "$events" | grep -q 'above target'; then
    echo 'message: grown'
    exit 1
fi
api /apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/web |
    jq -e '.status | .desiredReplicas == 1 and .currentReplicas == 1' &&
    api /apis/apps/v1/namespaces/default/deployments/web | jq -e '.status.replicas == 1'

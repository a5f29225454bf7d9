# The load is gone, the autoscaler grew and shrank the Deployment, and one copy is left.
kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
if $kube get pod load >/dev/null 2>&1; then
    echo 'message: load'
    exit 1
fi
events=$($kube get events --field-selector reason=SuccessfulRescale,involvedObject.name=web -o 'jsonpath={range .items[*]}{.message}{"\n"}{end}') || exit 3
printf '%s\n' "$events"
if ! printf '%s\n' "$events" | grep -q 'above target'; then
    echo 'message: grown'
    exit 1
fi
state=$($kube get hpa web -o 'jsonpath={.status.desiredReplicas} {.status.currentReplicas}') || exit 1
ready=$($kube get deployment web -o 'jsonpath={.status.replicas}')
echo "autoscaler: $state, copies: $ready"
[ "$state" = '1 1' ] && [ "$ready" = 1 ]

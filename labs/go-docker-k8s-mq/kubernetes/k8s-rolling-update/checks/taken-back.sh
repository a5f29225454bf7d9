# The ReplicaSet of hello:3 exists, holds nothing now, and is older than the revision in use.
kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
rows=$($kube get replicasets -l app=shop -o 'jsonpath={range .items[*]}{.spec.template.spec.containers[0].image} {.metadata.annotations.deployment\.kubernetes\.io/revision} {.status.replicas}{"\n"}{end}') || exit 3
echo "$rows"
echo "$rows" | awk '
    $1 == "hello:2" { good = $2; held = $3 }
    $1 == "hello:3" { bad = $2; left = $3 }
    END { exit !(bad && good + 0 > bad + 0 && held > 0 && left + 0 == 0) }'

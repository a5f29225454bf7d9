kube="kubectl --kubeconfig /run/slipway-kubernetes/keys/admin.conf"
curl -fs -m 3 -o /dev/null http://nodes:30080/moved.txt || exit 1
closed=$($kube get nodes -o 'jsonpath={.items[*].spec.unschedulable}') || exit 3
echo "closed: $closed"
[ -z "$closed" ]

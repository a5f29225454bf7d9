. /etc/profile
set -eu
node off node2
kubectl wait --for=condition=Ready=Unknown node/node2 --timeout=60s
# Four on node1, and all of them ready to answer.
for _ in $(seq 120); do
    ready=$(kubectl get pods -l app=web --field-selector spec.nodeName=node1 --no-headers | grep -c '1/1 *Running' || true)
    [ "$ready" -lt 4 ] || break
    sleep 0.5
done
kubectl get pods -o wide
[ "$ready" -ge 4 ]
